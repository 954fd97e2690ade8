import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkLayers, importsOf } from "./check-layers.mjs";

let root = "";

function write(path, content) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

function plantPackage(name, dependencies, source) {
  write(`packages/${name}/package.json`, { name: `@coracle/${name.replace("addons/", "")}`, dependencies });
  write(`packages/${name}/src/index.ts`, source);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "layers-"));
  write("tools/layers.json", {
    layers: [["base"], ["storage"], ["apiserver", "kubelet", "addons/*"]],
    unlayered: [],
    browserSafe: ["base"],
  });
  plantPackage("base", {}, "export const one = 1;\n");
  plantPackage("storage", { "@coracle/base": "0" }, 'import { one } from "@coracle/base";\nexport { one };\n');
  plantPackage("apiserver", { "@coracle/storage": "0" }, 'import { one } from "@coracle/storage";\nexport { one };\n');
  plantPackage("kubelet", {}, "export {};\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("checkLayers", () => {
  it("accepts imports that point down", () => {
    expect(checkLayers(root)).toEqual({ findings: [], fileCount: 4 });
  });

  it("accepts a second front door, which a package exports by name", () => {
    write("packages/base/package.json", { name: "@coracle/base", exports: { ".": "./src/index.ts", "./clock": "./src/clock.ts" } });
    plantPackage("storage", { "@coracle/base": "0" }, 'import "@coracle/base/clock";\n');
    expect(checkLayers(root).findings).toEqual([]);
    plantPackage("storage", { "@coracle/base": "0" }, 'import "@coracle/base/clocks";\n');
    expect(checkLayers(root).findings).toHaveLength(1);
  });

  it.each([
    [
      "an import that points up",
      () => plantPackage("base", {}, 'export { x } from "@coracle/storage";\n'),
      /layer 0 \(base\) must not import layer 1/,
    ],
    [
      "siblings that import each other",
      () => plantPackage("kubelet", { "@coracle/apiserver": "0" }, 'const x = await import("@coracle/apiserver");\n'),
      /layer 2 \(kubelet\) must not import layer 2/,
    ],
    [
      "an undeclared import",
      () => plantPackage("apiserver", {}, 'import type { one } from "@coracle/base";\n'),
      /not declared in packages\/apiserver/,
    ],
    [
      "a reach into a package",
      () => plantPackage("apiserver", { "@coracle/base": "0" }, 'import "@coracle/base/src/clock.ts";\n'),
      /reaches into a package/,
    ],
    [
      "a relative path out of the package",
      () => plantPackage("apiserver", {}, 'import { one } from "../../base/src/index.ts";\n'),
      /leaves the package/,
    ],
    ["a Node module in a browser-safe package", () => plantPackage("base", {}, 'import fs from "node:fs";\n'), /browser-safe/],
    ["a package without a layer", () => plantPackage("mystery", {}, "export {};\n"), /not in tools\/layers.json/],
    [
      "a declared dependency that points up",
      () => plantPackage("base", { "@coracle/storage": "0" }, "export {};\n"),
      /package.json: layer 0/,
    ],
    ["an unknown package", () => plantPackage("apiserver", { "@coracle/ghost": "0" }, "export {};\n"), /no package of/],
    [
      "an addon that imports a sibling",
      () => plantPackage("addons/dns", { "@coracle/kubelet": "0" }, "export {};\n"),
      /layer 2 \(addons\/dns\)/,
    ],
  ])("finds %s", (_name, plant, expected) => {
    plant();
    expect(checkLayers(root).findings.join("\n")).toMatch(expected);
  });

  it("fails when it finds no file at all", () => {
    rmSync(join(root, "packages"), { recursive: true });
    mkdirSync(join(root, "packages"));
    expect(checkLayers(root).findings).toEqual([expect.stringContaining("no source file")]);
  });
});

describe("importsOf", () => {
  it("reads every form of import and no comment", () => {
    const source = [
      'import a, { b } from "one";',
      "import {\n  c,\n  type D,\n} from 'two';",
      'export * from "three";',
      'import "four";',
      'await import("five");',
      '// import "not";',
      '/* export * from "neither"; */',
    ].join("\n");
    expect(importsOf(source)).toEqual(["one", "two", "three", "four", "five"]);
  });
});
