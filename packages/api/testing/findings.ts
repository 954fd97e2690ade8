/** Tables of changes and what the rules of a kind say to each, as text that is compared and reviewed. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { decodeYaml } from "@coracle/apimachinery";
import { Judge, type Edits, type Judgement } from "./judge.ts";

type Update = readonly [before: Edits, edits: Edits, subresource?: string];

interface Table {
  readonly create?: readonly Edits[];
  readonly update?: readonly Update[];
}

const folder = new URL("findings/", import.meta.url);

/** Resources with a full manifest: `pods`, `deployments.apps`. */
export function manifestNames(): string[] {
  return readdirSync(new URL("manifests/", import.meta.url)).map((file) => file.slice(0, -".yaml".length));
}

/** Where the findings of a resource are kept. */
export function findingsPath(resource: string): string {
  return new URL(`${resource}.txt`, folder).pathname;
}

/** What the rules say to the manifest of the resource, and to each change of it. */
export async function findingsOf(resource: string): Promise<{ readonly accepted: Judgement; readonly text: string }> {
  const judge = await Judge.of(resource, resource);
  const { create = [], update = [] } = await readTable(resource);
  const accepted = judge.create();
  const lines = accepted.warnings.map((warning) => `the manifest\n    warning: ${warning}`);
  for (const edits of create) lines.push(describe(JSON.stringify(edits), judge.create(withDeletions(edits))));
  for (const [before, edits, subresource = ""] of update) {
    const title = `${subresource === "" ? "update" : `update ${subresource}`} ${JSON.stringify(before)} ${JSON.stringify(edits)}`;
    lines.push(describe(title, judge.update(withDeletions(before), withDeletions(edits), { subresource })));
  }
  return { accepted, text: `${lines.join("\n")}\n` };
}

async function readTable(resource: string): Promise<Table> {
  const file = new URL(`${resource}.yaml`, folder);
  return existsSync(file) ? ((await decodeYaml(readFileSync(file, "utf8"))).value as Table) : {};
}

function withDeletions(edits: Edits): Edits {
  return Object.fromEntries(Object.entries(edits).map(([path, value]) => [path, value ?? undefined]));
}

function describe(title: string, { causes, warnings }: Judgement): string {
  return [title, ...causes.map((cause) => `    ${cause}`), ...warnings.map((warning) => `    warning: ${warning}`)].join("\n");
}
