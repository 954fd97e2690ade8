// @ts-check
/**
 * Builds the `coracle` program: one bundle of everything that starting a cluster needs, and chunks for what is loaded on demand (lmdb's
 * engine, gRPC). Bundling matters for the start-up budget: hundreds of files cost more to open than the whole control plane to start.
 * `npm run check` type-checks; this does not, so that a newcomer waits for esbuild only.
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outdir = join(root, "packages/cli/dist");
rmSync(outdir, { recursive: true, force: true });

await build({
  absWorkingDir: root,
  entryPoints: { coracle: "packages/cli/src/main.ts" },
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  conditions: ["source"],
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  sourcemap: "linked",
  sourcesContent: false,
  external: ["lmdb"],
  logLevel: "warning",
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
