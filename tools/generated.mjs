// `update` writes what is generated; `verify` regenerates and fails when what is committed differs.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { generateApi } from "./generate-api.mjs";
import { generateConformance } from "./generate-conformance.mjs";
import { generateWireTypes } from "./generate-wire-types.mjs";

/** Folders that hold nothing but generated files, and what they should hold. */
const folders = new Map([
  ["packages/api/src/generated/", generateApi],
  ["packages/apiserver/src/http/protobuf/generated/", generateWireTypes],
]);
/** Single files. */
const files = new Map([["docs/conformance.md", generateConformance]]);
const mode = process.argv[2];
if (mode !== "update" && mode !== "verify") {
  process.stderr.write("usage: node tools/generated.mjs update|verify\n");
  process.exit(2);
}
for (const [path, generate] of folders) {
  const folder = new URL(`../${path}`, import.meta.url);
  const wanted = generate();
  mkdirSync(folder, { recursive: true });
  const present = new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
  const changed = [...wanted].filter(([name, text]) => present.get(name) !== text).map(([name]) => name);
  const surplus = [...present.keys()].filter((name) => !wanted.has(name));
  if (mode === "update") {
    for (const name of changed) writeFileSync(new URL(name, folder), wanted.get(name));
    for (const name of surplus) rmSync(new URL(name, folder));
  } else if (changed.length + surplus.length > 0) {
    process.stderr.write(`generated files differ in ${path}: ${[...changed, ...surplus].join(", ")}; run \`npm run update\`\n`);
    process.exitCode = 1;
  }
}
for (const [path, generate] of files) {
  const file = new URL(`../${path}`, import.meta.url);
  const text = generate();
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (mode === "update") writeFileSync(file, text);
  else if (present !== text) {
    process.stderr.write(`${path} differs from what is generated; run \`npm run update\`\n`);
    process.exitCode = 1;
  }
}
