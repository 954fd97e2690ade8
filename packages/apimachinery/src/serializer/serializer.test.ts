import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeObject, insertResourceVersion } from "./encode.ts";
import { scanJson } from "./json-scan.ts";
import { decodeJson } from "./json.ts";
import { decodeYaml, decodeYamlDocuments, encodeYaml } from "./yaml.ts";

describe("JSON", () => {
  test("finds fields that occur twice, at any depth, each once", () => {
    const text = '{"a":1,"b":[{"c":1,"\\u0063":2},{"c":3}],"a":2,"a":3}';
    expect(decodeJson(text, { findDuplicates: true })).toEqual({
      value: { a: 3, b: [{ c: 2 }, { c: 3 }] },
      duplicateFields: ["b[0].c", "a"],
    });
    expect(decodeJson(text).duplicateFields).toEqual([]);
  });

  test.each([
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
    ["[1,", "unexpected end of JSON input"],
    ["", "unexpected end of JSON input"],
    ['{"a":1}x', "invalid character 'x' after top-level value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['"\u0001"', String.raw`invalid character '\u0001' in string literal`],
  ])("%j is refused in Go's words", (text, message) => {
    expect(() => decodeJson(text)).toThrow(message);
  });

  test("refuses bad UTF-8 and too much depth", () => {
    expect(() => decodeJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow("invalid UTF-8");
    expect(() => decodeJson("[".repeat(5000) + "]".repeat(5000))).toThrow("exceeded max depth");
    expect(decodeJson(JSON.stringify("[".repeat(5000))).value).toHaveLength(5000);
  });

  test("the scanner accepts exactly what JSON.parse accepts", () => {
    const accepts = (read: () => unknown): boolean => {
      try {
        read();
        return true;
      } catch {
        return false;
      }
    };
    const damaged = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", "{", "]", '"', ",", "1", "\\", "e", " ", "-"))
      .map(([text, at, extra]) => {
        const position = at % (text.length + 1);
        return text.slice(0, position) + extra + text.slice(position + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), damaged), (text) => {
        expect(accepts(() => scanJson(text, 1000))).toBe(accepts(() => JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the stored form", () => {
  const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

  test("has no resource version until one is put in", () => {
    const object = { kind: "Pod", spec: { a: "ö" }, metadata: { name: "x", resourceVersion: "4" }, apiVersion: "v1" };
    const stored = encodeObject(object);
    expect(new TextDecoder().decode(stored)).toBe('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"a":"ö"}}');
    expect(new TextDecoder().decode(insertResourceVersion(stored, 77))).toBe(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"77","name":"x"},"spec":{"a":"ö"}}',
    );
    expect(decode(insertResourceVersion(encodeObject({ apiVersion: "v1", kind: "X", metadata: {} }), 1n))).toEqual({
      apiVersion: "v1",
      kind: "X",
      metadata: { resourceVersion: "1" },
    });
  });

  test("keeps every object", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (kind, name, rest) => {
        const object = { ...rest, apiVersion: "v1", kind, metadata: { name } };
        const expected = { ...object, metadata: { resourceVersion: "5", name } };
        expect(decode(insertResourceVersion(encodeObject(object), "5"))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });
});

describe("YAML", () => {
  test("is read as Kubernetes' Go library does", async () => {
    const text =
      "a: yes\nb: 0644\nc: 2020-01-01\nd: 1:30\ne: ~\nf: &x [1]\ng: *x\nh: 'no'\ni: 1e3\nj: 2020-01-01T00:00:00Z\n1: z\n<<: {m: 1}\n";
    const { value } = await decodeYaml(text);
    expect(value).toEqual({
      a: true,
      b: 0o644,
      c: "2020-01-01",
      d: "1:30",
      e: null,
      f: [1],
      g: [1],
      h: "no",
      i: 1000,
      j: "2020-01-01T00:00:00Z",
      1: "z",
      m: 1,
    });
  });

  test("tells keys that occur twice", async () => {
    expect((await decodeYaml("a: 1\nb:\n  c: 1\n  c: 2\n")).duplicateKeys).toEqual(['line 4: key "c" already set in map']);
  });

  test("gives every use of an anchor its own value, and bounds how far they grow", async () => {
    const { value } = await decodeYaml(`a: &a {x: 1}\nb: [${Array.from({ length: 300 }, () => "*a").join(",")}]\n`);
    const { a, b } = value as { a: unknown; b: unknown[] };
    expect(b[299]).toEqual({ x: 1 });
    expect(b[299]).not.toBe(a);
    expect(b[0]).not.toBe(b[1]);
    const nine = (item: string): string => `[${Array.from({ length: 9 }, () => item).join(",")}]`;
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const bomb = names.map((name, index) => `${name}: &${name} ${nine(index === 0 ? "x" : `*${names[index - 1]}`)}`).join("\n");
    await expect(decodeYaml(bomb)).rejects.toThrow("yaml: document contains excessive aliasing");
  });

  test("refuses bad syntax and absurd depth", async () => {
    await expect(decodeYaml("a: [1")).rejects.toThrow(/^yaml: /);
    for (const deep of ["[".repeat(300) + "]".repeat(300), "[".repeat(1500), "- ".repeat(300), "? ".repeat(300), "{a: ".repeat(300)]) {
      await expect(decodeYaml(deep)).rejects.toThrow("yaml: exceeded max depth");
    }
    await expect(decodeYaml("[".repeat(50_000))).rejects.toThrow("yaml: ");
  });

  test("splits streams and drops empty documents", async () => {
    expect(await decodeYamlDocuments("---\na: 1\n---\n# nothing\n--- # next\nb: |\n  --- not\n")).toEqual([{ a: 1 }, { b: "--- not\n" }]);
  });

  test("writes what it reads", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect((await decodeYaml(await encodeYaml(plain))).value).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });
});
