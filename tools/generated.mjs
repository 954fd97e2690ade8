// `update` writes what is generated; `verify` regenerates and fails when what is committed differs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { generateApi } from "./generate-api.mjs";

const folder = new URL("../packages/api/src/generated/", import.meta.url);
const mode = process.argv[2];
if (mode !== "update" && mode !== "verify") {
  process.stderr.write("usage: node tools/generated.mjs update|verify\n");
  process.exit(2);
}
const files = generateApi();
mkdirSync(folder, { recursive: true });
const present = new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
const changed = [...files].filter(([name, text]) => present.get(name) !== text).map(([name]) => name);
const surplus = [...present.keys()].filter((name) => !files.has(name));
if (mode === "update") {
  for (const name of changed) writeFileSync(new URL(name, folder), files.get(name));
  for (const name of surplus) rmSync(new URL(name, folder));
} else if (changed.length + surplus.length > 0) {
  process.stderr.write(`generated files differ: ${[...changed, ...surplus].join(", ")}; run \`npm run update\`\n`);
  process.exit(1);
}
