import type { ResourceDefinition } from "@coracle/apimachinery";
import type { ServedResource } from "./contract.ts";

/** Which resources are served, by group, version and name. */
export class ResourceTable {
  readonly #builtIn: readonly ResourceDefinition[];
  #all: readonly ResourceDefinition[];
  #byPath: ReadonlyMap<string, ServedResource>;
  #byName: ReadonlyMap<string, ResourceDefinition>;

  constructor(builtIn: readonly ResourceDefinition[]) {
    this.#builtIn = builtIn;
    this.#all = builtIn;
    this.#byPath = pathsOf(builtIn);
    this.#byName = namesOf(builtIn);
  }

  get all(): readonly ResourceDefinition[] {
    return this.#all;
  }

  /** Replaces the custom resources. A custom resource cannot take a built-in one's place. */
  setCustom(definitions: readonly ResourceDefinition[]): void {
    this.#all = [...this.#builtIn, ...definitions];
    this.#byPath = pathsOf(this.#all);
    this.#byName = namesOf(this.#all);
  }

  lookup(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#byPath.get(`${group}/${version}/${resource}`);
  }

  /** `deployments.apps`, `pods`. */
  byName(name: string): ResourceDefinition | undefined {
    return this.#byName.get(name);
  }
}

function pathsOf(definitions: readonly ResourceDefinition[]): Map<string, ServedResource> {
  const paths = new Map<string, ServedResource>();
  for (const definition of definitions) {
    for (const version of definition.versions) {
      const path = `${definition.group}/${version.version}/${definition.resource}`;
      if (version.isServed && !paths.has(path)) paths.set(path, { definition, version });
    }
  }
  return paths;
}

function namesOf(definitions: readonly ResourceDefinition[]): Map<string, ResourceDefinition> {
  const names = new Map<string, ResourceDefinition>();
  for (const definition of definitions) {
    const name = qualifiedNameOf(definition);
    if (!names.has(name)) names.set(name, definition);
  }
  return names;
}

/** `deployments.apps`, `pods`. */
export function qualifiedNameOf({ group, resource }: Pick<ResourceDefinition, "group" | "resource">): string {
  return group === "" ? resource : `${resource}.${group}`;
}
