import { build } from "esbuild";

/** Makes a program out of `contents`, whose relative imports are those of `directory`: for tests of what happens to a process. */
export async function bundleChildProgram(contents: string, directory: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents, resolveDir: directory, loader: "js" },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["source"],
    external: ["lmdb"],
    plugins: [
      {
        name: "lmdb",
        setup: (plugin) => plugin.onResolve({ filter: /^lmdb$/ }, () => ({ path: import.meta.resolve("lmdb"), external: true })),
      },
    ],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
}
