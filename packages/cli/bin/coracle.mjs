#!/usr/bin/env node
// Checks what the program needs before loading it, in syntax that old Node versions understand too.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const program = new URL("../dist/coracle.mjs", import.meta.url);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`coracle: Node ${process.versions.node} is too old; install Node 20.19 or newer (https://nodejs.org)`);
  process.exitCode = 1;
} else if (!existsSync(fileURLToPath(program))) {
  console.error("coracle: not built yet; run `npm start` once, or `npm install && npm run build`");
  process.exitCode = 1;
} else {
  await import(program.href);
}
