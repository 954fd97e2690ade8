import type { Container, PodSpec } from "../../generated/types.ts";

export interface PlacedContainer {
  readonly container: Container;
  /** Below the spec: `containers[0]`. */
  readonly path: string;
}

const lists = ["initContainers", "containers", "ephemeralContainers"] as const;

/** All containers: init containers, then containers, then ephemeral ones (which lack only what those may not have). */
export function containersOf(spec: Readonly<PodSpec>): readonly PlacedContainer[] {
  const placed: PlacedContainer[] = [];
  for (const list of lists) {
    const containers = spec[list];
    if (containers === undefined) continue;
    for (let index = 0; index < containers.length; index++)
      placed.push({ container: containers[index] as Container, path: `${list}[${index}]` });
  }
  return placed;
}
