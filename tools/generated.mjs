// `update` writes what is generated; `verify` regenerates and fails when what is committed differs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { generateApi } from "./generate-api.mjs";
import { generateWireTypes } from "./generate-wire-types.mjs";

/** Folders that hold nothing but generated files, and what they should hold. */
const folders = new Map([
  ["packages/api/src/generated/", generateApi],
  ["packages/apiserver/src/http/protobuf/generated/", generateWireTypes],
]);
const mode = process.argv[2];
if (mode !== "update" && mode !== "verify") {
  process.stderr.write("usage: node tools/generated.mjs update|verify\n");
  process.exit(2);
}
for (const [path, generate] of folders) {
  const folder = new URL(`../${path}`, import.meta.url);
  const files = generate();
  mkdirSync(folder, { recursive: true });
  const present = new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
  const changed = [...files].filter(([name, text]) => present.get(name) !== text).map(([name]) => name);
  const surplus = [...present.keys()].filter((name) => !files.has(name));
  if (mode === "update") {
    for (const name of changed) writeFileSync(new URL(name, folder), files.get(name));
    for (const name of surplus) rmSync(new URL(name, folder));
  } else if (changed.length + surplus.length > 0) {
    process.stderr.write(`generated files differ in ${path}: ${[...changed, ...surplus].join(", ")}; run \`npm run update\`\n`);
    process.exitCode = 1;
  }
}
