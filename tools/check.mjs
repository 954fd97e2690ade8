// @ts-check
/** `npm run check`: everything that must hold besides the tests. Runs all checks, then fails if any failed. */
import { spawnSync } from "node:child_process";

/** @type {[string, string[]][]} */
const checks = [
  ["types", ["tsc", "-b"]],
  ["layers", ["node", "tools/check-layers.mjs"]],
  ["lint", ["oxlint", "--type-aware", "--quiet"]],
  ["format", ["oxfmt", "--check"]],
  ["generated files", ["node", "tools/generated.mjs", "verify"]],
];

const failed = checks.filter(([name, [command = "", ...args]]) => {
  console.log(`check: ${name}`);
  return spawnSync(command, args, { stdio: "inherit" }).status !== 0;
});
if (failed.length > 0) {
  console.error(
    `check: failed: ${failed.map(([name]) => name).join(", ")} (npm run fix mends format and some of lint; npm run update the generated files)`,
  );
  process.exit(1);
}
