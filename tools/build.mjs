// @ts-check
/**
 * Builds the `coracle` program: one bundle of everything that starting a cluster needs, and chunks for what is loaded on demand (lmdb's
 * engine, gRPC). Bundling matters for the start-up budget: hundreds of files cost more to open than the whole control plane to start.
 * `npm run check` type-checks; this does not, so that a newcomer waits for esbuild only.
 */
import { renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "packages/cli/dist");
// Built beside it, so that a build that fails leaves the last program in its place.
const outdir = `${target}.new`;
rmSync(outdir, { recursive: true, force: true });

/**
 * A CommonJS package that is loaded on demand keeps its names: in a bundle, `import()` of one has a default export only.
 * @type {import("esbuild").Plugin}
 */
const namedExports = {
  name: "named-exports",
  setup(plugin) {
    plugin.onResolve({ filter: /^(@[\w-]+\/)?[\w-]+$/ }, ({ kind, path, resolveDir, namespace }) => {
      const isOnDemand = kind === "dynamic-import" && namespace === "file" && !path.startsWith("@coracle/") && path !== "lmdb";
      return isOnDemand ? { path, namespace: "named-exports", pluginData: resolveDir } : undefined;
    });
    plugin.onLoad({ filter: /.*/, namespace: "named-exports" }, ({ path, pluginData: resolveDir }) => {
      const names = Object.keys(createRequire(join(resolveDir, "x.js"))(path)).filter(
        (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default",
      );
      return {
        contents: `import * as library from ${JSON.stringify(path)};\nexport const { ${names.join(", ")} } = library;\nexport default library.default ?? library;\n`,
        resolveDir,
        loader: "js",
      };
    });
  },
};

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
  plugins: [namedExports],
  logLevel: "warning",
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
rmSync(target, { recursive: true, force: true });
renameSync(outdir, target);
