/** Whatever is sent, the answer is a `Status` of the 4xx kind, the store stays as it was, and the server goes on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type Answer, type ServerUnderTest } from "./src/api.ts";

let server: ServerUnderTest;
let api: RawApi;
const configMaps = "/api/v1/namespaces/default/configmaps";
const json = { "content-type": "application/json" };

beforeAll(async () => {
  server = serverUnderTest("bad-input");
  api = new RawApi(server.kubeconfig);
  const { code } = await api.json("POST", configMaps, configMap("kept", { a: "1" }));
  expect(code).toBe(201);
});
afterAll(() => server[Symbol.dispose]());

function configMap(name: string, data: Record<string, unknown> = {}): Record<string, unknown> {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

async function state(): Promise<unknown> {
  const { value } = await api.json<{ items: { metadata: { name: string; resourceVersion: string } }[] }>("GET", configMaps);
  return value.items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
}

/** The answer is a refusal that clients can read. */
function expectRefusal(answer: Answer, code?: number): { message: string; reason: string } {
  const text = answer.body.toString();
  if (code === undefined) expect([answer.code >= 400 && answer.code < 500, text]).toEqual([true, text]);
  else expect([answer.code, text]).toEqual([code, text]);
  const status = JSON.parse(text) as Record<string, unknown>;
  expect(status).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", code: answer.code });
  return status as never;
}

async function refuses(
  method: string,
  path: string,
  call: Parameters<RawApi["call"]>[2],
  code?: number,
): Promise<{ message: string; reason: string }> {
  const before = await state();
  const status = expectRefusal(await api.call(method, path, call), code);
  expect(await state()).toEqual(before);
  return status;
}

const whole = JSON.stringify(configMap("x", { key: "välue" }));

describe("bodies", () => {
  it.each([
    "",
    "{",
    "[]",
    "1",
    '"text"',
    "nope",
    whole.slice(0, 40),
    `${whole}}`,
    `${whole}{}`,
    "\u0000",
    "{'a':1}",
    '{"kind":"ConfigMap",}',
  ])("JSON such as %j is refused", async (body) => {
    await refuses("POST", configMaps, { headers: json, body }, 400);
  });

  it("null is an object without a name", async () => {
    expect(await refuses("POST", configMaps, { headers: json, body: "null" }, 422)).toMatchObject({
      message: expect.stringContaining("name or generateName is required"),
    });
  });

  it.each([
    [{ dryRun: "All" }, 400],
    [{ gracePeriodSeconds: "a" }, 400],
    [{ propagationPolicy: "Foo" }, 422],
    [{ propagationPolicy: "Orphan", orphanDependents: true }, 422],
    [{ preconditions: [] }, 400],
    [{ kind: "Pod", apiVersion: "v1" }, 400],
  ])("options such as %j are refused", async (options, code) => {
    await refuses("DELETE", `${configMaps}/kept`, { headers: json, body: JSON.stringify(options) }, code);
  });

  it("cut off anywhere, a body is refused", async () => {
    for (let length = 1; length < whole.length; length += 7)
      await refuses("POST", configMaps, { headers: json, body: whole.slice(0, length) }, 400);
  });

  it.each(["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/strategic-merge-patch+json"])(
    "bytes at random are refused as %s",
    async (type) => {
      let seed = 7;
      for (let round = 0; round < 40; round++) {
        const bytes = Buffer.alloc(1 + ((round * 37) % 300));
        for (let index = 0; index < bytes.length; index++) bytes[index] = (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
        const isPatch = type.includes("patch");
        await refuses(isPatch ? "PATCH" : "POST", isPatch ? `${configMaps}/kept` : configMaps, {
          headers: { "content-type": type },
          body: bytes,
        });
      }
    },
  );

  it("a protobuf envelope with rubbish in it is refused", async () => {
    const magic = Buffer.from("k8s\0");
    const type = Buffer.concat([Buffer.from([10, 15, 10, 2]), Buffer.from("v1"), Buffer.from([18, 9]), Buffer.from("ConfigMap")]);
    for (const rest of [
      [18, 200],
      [18, 3, 255, 255, 255],
      [18, 2, 10, 127],
      [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    ]) {
      const body = Buffer.concat([magic, type, Buffer.from(rest)]);
      await refuses("POST", configMaps, { headers: { "content-type": "application/vnd.kubernetes.protobuf" }, body }, 400);
    }
  });

  it("depth is limited, in every format", async () => {
    const deep = (depth: number): string =>
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep"},"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    for (const depth of [20_000, 1_000_000]) await refuses("POST", configMaps, { headers: json, body: deep(depth) });
    for (const body of ["[".repeat(5000), "- ".repeat(5000), "{a: ".repeat(5000), deep(20_000)])
      await refuses("POST", configMaps, { headers: { "content-type": "application/yaml" }, body });
    const patch = `${'{"data":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    for (const type of ["merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"])
      await refuses("PATCH", `${configMaps}/kept?fieldManager=x`, { headers: { "content-type": `application/${type}` }, body: patch });
  });

  it("YAML that grows without end is refused", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    const nine = (item: string): string => `[${Array.from({ length: 9 }, () => item).join(",")}]`;
    const bomb = names.map((name, index) => `${name}: &${name} ${nine(index === 0 ? "x" : `*${names[index - 1]}`)}`).join("\n");
    await refuses("POST", configMaps, {
      headers: { "content-type": "application/yaml" },
      body: `apiVersion: v1\nkind: ConfigMap\n${bomb}\n`,
    });
  });

  it("size is limited", async () => {
    const body = JSON.stringify(configMap("big", { a: "x".repeat(10 * 1024 * 1024) }));
    const status = await refuses("POST", configMaps, { headers: json, body }, 413);
    expect(status).toMatchObject({ reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728" });
    const large = JSON.stringify(configMap("big", { a: "x".repeat(2 * 1024 * 1024) }));
    expect((await refuses("POST", configMaps, { headers: json, body: large }, 422)).message).toContain(
      "Too long: may not be more than 1048576 bytes",
    );
  });

  it("text that is not UTF-8 is refused", async () => {
    const body = Buffer.from(whole, "latin1");
    await refuses("POST", configMaps, { headers: json, body });
  });

  it.each([
    ["metadata", 1],
    ["metadata", []],
    ["metadata", { name: 1 }],
    ["metadata", { name: "x", labels: { a: 1 } }],
    ["metadata", { name: "x", finalizers: "f" }],
    ["data", []],
    ["data", { a: 1 }],
    ["data", { a: null, b: {} }],
    ["immutable", "yes"],
    ["binaryData", { a: "%%%" }],
    ["kind", 7],
    ["apiVersion", "v9"],
    ["kind", "Secret"],
  ])("%s: %j has the wrong type", async (field, value) => {
    await refuses("POST", configMaps, { headers: json, body: JSON.stringify({ ...configMap("x"), [field]: value }) });
  });

  it("numbers keep their value or are refused", async () => {
    const deployment = (replicas: string): string =>
      `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"n"},"spec":{"replicas":${replicas},"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`;
    for (const replicas of ["1e999", "9007199254740993", "2147483648", "-1", "1.5", '"1"', "{}", "01", "NaN"]) {
      expectRefusal(await api.call("POST", "/apis/apps/v1/namespaces/default/deployments", { headers: json, body: deployment(replicas) }));
    }
  });

  it.each(["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "application/cbor; x", "json"])(
    "the content type %s is refused",
    async (type) => {
      await refuses("POST", configMaps, { headers: { "content-type": type }, body: whole }, 415);
    },
  );

  it.each(["__proto__", "constructor", "prototype", "toString"])("a key called %s is a key like others", async (key) => {
    const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto","annotations":{${JSON.stringify(key)}:"x"}},"data":{${JSON.stringify(key)}:"y"}}`;
    const answer = await api.call("POST", `${configMaps}?dryRun=All`, { headers: json, body });
    expect([201, 422]).toContain(answer.code);
    if (answer.code === 201) expect(answer.body.toString()).toContain(`${JSON.stringify(key)}:"y"`);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("strictness", () => {
  it("finds unknown and duplicate fields when asked", async () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s","name":"t"},"data":{},"bogus":1}';
    const strict = await refuses("POST", `${configMaps}?fieldValidation=Strict`, { headers: json, body }, 400);
    expect(strict.message).toContain('strict decoding error: duplicate field "metadata.name", unknown field "bogus"');
    const warned = await api.call("POST", `${configMaps}?fieldValidation=Warn&dryRun=All`, { headers: json, body });
    expect(warned.code).toBe(201);
    expect(warned.headers["warning"]).toMatch(/299 - "duplicate field \\"metadata.name\\"".*299 - "unknown field \\"bogus\\""/);
    const ignored = await api.call("POST", `${configMaps}?fieldValidation=Ignore&dryRun=All`, { headers: json, body });
    expect([ignored.code, ignored.headers["warning"]]).toEqual([201, undefined]);
    await refuses("POST", `${configMaps}?fieldValidation=Maybe`, { headers: json, body }, 422);
    await refuses("POST", `${configMaps}?dryRun=Some`, { headers: json, body }, 422);
  });
});

describe("names and paths", () => {
  it.each([
    "../../etc/passwd",
    "..%2f..%2fsecrets",
    "%2e%2e",
    "a/b",
    "a%2fb",
    "%00",
    "a b",
    "A",
    "-a",
    "a-",
    "a..b",
    "x".repeat(300),
    "ü",
    "%c3%28",
    ".",
  ])("%j is nobody's name", async (name) => {
    const path = `${configMaps}/${encodeURI(name).replaceAll("%25", "%")}`;
    const read = await api.call("GET", path);
    expect([301, 400, 403, 404, 405]).toContain(read.code);
    const body = JSON.stringify(configMap(decodeURIComponentOr(name)));
    await refuses("POST", configMaps, { headers: json, body }, 422);
  });

  it.each([
    "/api/v1/nope",
    "/apis/nope.example.com/v1/x",
    "/api/v9/pods",
    "/nope",
    "/api/v1/namespaces/default/pods/x/nope",
    "/apis/apps/v1/namespaces/default",
  ])("%s is not found", async (path) => {
    const { code } = await api.call("GET", path);
    expect([403, 404]).toContain(code);
  });

  it("methods that a resource does not have are refused", async () => {
    for (const [method, path] of [
      ["POST", `${configMaps}/kept`],
      ["PUT", configMaps],
      ["PATCH", configMaps],
      ["TRACE", configMaps],
      ["PROPFIND", configMaps],
    ] as const) {
      const { code } = await api.call(method, path, { headers: json, body: whole });
      expect([400, 403, 404, 405, 415]).toContain(code);
    }
  });
});

describe("queries", () => {
  it.each([
    "labelSelector=a%3D%3D%3Db",
    "labelSelector=a%20in%20(",
    "labelSelector=%21%21a",
    "labelSelector=-a%3Db",
    "fieldSelector=spec.nope%3D1",
    "fieldSelector=metadata.name",
    "fieldSelector=%5C",
    "resourceVersion=abc",
    "resourceVersion=-1",
    "resourceVersion=1&resourceVersionMatch=Nope",
    "resourceVersionMatch=Exact",
    "continue=nonsense",
    "continue=e30",
    "limit=x",
    "watch=true&resourceVersion=x",
    "watch=true&sendInitialEvents=true",
    "watch=true&timeoutSeconds=x",
  ])("?%s is refused", async (query) => {
    const status = expectRefusal(await api.call("GET", `${configMaps}?${query}`));
    expect(["BadRequest", "Invalid"]).toContain(status.reason);
  });
});

describe("patches", () => {
  const kept = `${configMaps}/kept`;
  it.each([
    ["json-patch+json", '{"op":"add"}'],
    ["json-patch+json", '[{"op":"nope","path":"/data/a","value":"1"}]'],
    ["json-patch+json", '[{"op":"remove","path":"/data/none"}]'],
    ["json-patch+json", '[{"op":"test","path":"/data/a","value":"9"}]'],
    ["json-patch+json", '[{"op":"add","path":"data","value":"9"}]'],
    ["json-patch+json", '[{"op":"replace","path":"/metadata/uid","value":"x"}]'],
    ["merge-patch+json", "[]"],
    ["merge-patch+json", '"x"'],
    ["merge-patch+json", '{"data":"x"}'],
    ["merge-patch+json", '{"metadata":{"name":"other"}}'],
    ["strategic-merge-patch+json", '{"data":[1]}'],
    ["strategic-merge-patch+json", '{"metadata":{"$patch":"nope"}}'],
    ["apply-patch+yaml", "data: [1"],
    ["apply-patch+yaml", '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"kept"}}'],
    ["apply-patch+yaml", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other"}}'],
    ["apply-patch+yaml", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept","managedFields":[{}]}}'],
  ])("%s %s is refused", async (type, body) => {
    await refuses("PATCH", `${kept}?fieldManager=x`, { headers: { "content-type": `application/${type}` }, body });
  });

  it("ten thousand operations are too many", async () => {
    const body = JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: "test", path: "/data/a", value: "1" })));
    await refuses("PATCH", kept, { headers: { "content-type": "application/json-patch+json" }, body }, 413);
  });
});

it("is as well as before", async () => {
  expect((await api.call("GET", "/readyz")).body.toString()).toBe("ok");
  expect((await api.json("GET", `${configMaps}/kept`)).value).toMatchObject({ data: { a: "1" } });
});

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
