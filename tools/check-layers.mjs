// @ts-check
/**
 * Checks the architecture's one sentence: a package imports only packages of a lower layer that its package.json declares.
 * `tools/layers.json` is the table. Exits with 1 and one line a finding, each saying how to mend it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const scope = "@coracle/";
const importPattern =
  /(?:^|[\s;}])(?:import|export)\s*(?:type\s+)?(?:[\w*${},\s]+?\s+from\s*)?["']([^"'\n]+)["']|\bimport\s*\(\s*["']([^"'\n]+)["']\s*\)|\brequire\s*\(\s*["']([^"'\n]+)["']\s*\)/g;

/** @typedef {{ layers: string[][], unlayered: string[], browserSafe: string[] }} LayerTable */

/**
 * @param {string} root
 * @returns {{ findings: string[], fileCount: number }}
 */
export function checkLayers(root) {
  /** @type {LayerTable} */
  const table = JSON.parse(readFileSync(join(root, "tools/layers.json"), "utf8"));
  const folders = packageFolders(root);
  const exported = entryPoints(folders);
  const names = folders.map((folder) => relative(join(root, "packages"), folder).split(sep).join("/"));
  const layerOf = createLayerLookup(table, names);
  /** @type {string[]} */
  const findings = [];
  let fileCount = 0;
  for (const folder of folders) {
    const name = relative(join(root, "packages"), folder).split(sep).join("/");
    const layer = layerOf(name);
    if (layer === undefined) {
      findings.push(`packages/${name}: not in tools/layers.json; add it to a layer`);
      continue;
    }
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    for (const dependency of declared.filter((entry) => entry.startsWith(scope))) {
      findings.push(...checkEdge(`packages/${name}/package.json`, name, dependency, layerOf));
    }
    for (const file of sourceFiles(join(folder, "src"))) {
      fileCount++;
      findings.push(
        ...checkFile({ root, folder, name, file, declared, exported, isBrowserSafe: table.browserSafe.includes(name), layerOf }),
      );
    }
  }
  if (fileCount === 0) findings.push("no source file was found: the checker looks in the wrong place");
  return { findings, fileCount };
}

/**
 * @param {LayerTable} table
 * @param {string[]} names
 */
function createLayerLookup(table, names) {
  return (/** @type {string} */ name) => {
    if (!names.includes(name)) return undefined;
    const index = table.layers.findIndex((layer) =>
      layer.some((entry) => entry === name || (entry.endsWith("/*") && name.startsWith(entry.slice(0, -1)))),
    );
    return index < 0 ? undefined : index;
  };
}

/** @param {string} root */
function packageFolders(root) {
  const packages = join(root, "packages");
  const folders = [];
  for (const name of readdirSync(packages)) {
    const folder = join(packages, name);
    if (existsSync(join(folder, "package.json"))) folders.push(folder);
    else if (name === "addons")
      for (const addon of readdirSync(folder)) if (existsSync(join(folder, addon, "package.json"))) folders.push(join(folder, addon));
  }
  return folders;
}

/**
 * The front doors of packages other than their first: `@coracle/x/y` where x's manifest exports `./y`.
 * @param {string[]} folders
 */
function entryPoints(folders) {
  return new Set(
    folders.flatMap((folder) => {
      const { name, exports = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return Object.keys(exports).map((entry) => name + entry.slice(1));
    }),
  );
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.[cm]?tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** @param {string} source */
export function importsOf(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/[^\n]*/g, "$1");
  return [...code.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** @param {{ root: string, folder: string, name: string, file: string, declared: string[], exported: Set<string>, isBrowserSafe: boolean, layerOf: (name: string) => number | undefined }} context */
function checkFile({ root, folder, name, file, declared, exported, isBrowserSafe, layerOf }) {
  const where = relative(root, file);
  const isTest = /\.test\.[cm]?tsx?$/.test(file);
  const findings = [];
  for (const specifier of importsOf(readFileSync(file, "utf8"))) {
    if (specifier.startsWith(".")) {
      if (!resolve(dirname(file), specifier).startsWith(join(folder, sep)))
        findings.push(`${where}: "${specifier}" leaves the package; import the package by its name`);
    } else if (specifier.startsWith(scope)) {
      const target = specifier.slice(scope.length).split("/");
      if (target.length > 1 && !exported.has(specifier))
        findings.push(`${where}: "${specifier}" reaches into a package; import from "${scope}${target[0]}"`);
      findings.push(...checkEdge(where, name, `${scope}${target[0]}`, layerOf));
      if (!declared.includes(`${scope}${target[0]}`) && `${scope}${target[0]}` !== packageName(name))
        findings.push(`${where}: "${specifier}" is not declared in packages/${name}/package.json`);
    } else if (isBrowserSafe && !isTest && specifier.startsWith("node:")) {
      findings.push(`${where}: "${specifier}" in a browser-safe package; pass it in from a higher layer`);
    }
  }
  return findings;
}

/** @param {string} name */
const packageName = (name) => scope + name.replace("addons/", "");

/**
 * @param {string} where
 * @param {string} from
 * @param {string} dependency
 * @param {(name: string) => number | undefined} layerOf
 */
function checkEdge(where, from, dependency, layerOf) {
  const short = dependency.slice(scope.length);
  const target = layerOf(short) ?? layerOf(`addons/${short}`);
  const own = layerOf(from) ?? -1;
  if (packageName(from) === dependency) return [`${where}: a package does not import itself by name; use a relative path`];
  if (target === undefined) return [`${where}: "${dependency}" is no package of tools/layers.json`];
  if (target >= own)
    return [
      `${where}: layer ${own} (${from}) must not import layer ${target} (${short}); move the shared code down a layer or meet at the API`,
    ];
  return [];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { findings, fileCount } = checkLayers(resolve(dirname(fileURLToPath(import.meta.url)), ".."));
  for (const finding of findings) console.error(finding);
  console.log(`layers: ${fileCount} files, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
