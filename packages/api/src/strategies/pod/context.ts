import type { Findings } from "@coracle/apimachinery";
import type { PodSpec, Volume } from "../../generated/types.ts";
import type { Allowances } from "./allowances.ts";

/** What the parts of a pod's description are judged with. */
export interface PodContext {
  readonly spec: Readonly<PodSpec>;
  readonly out: Findings;
  /** Whether it is a Pod; templates may leave some things to whoever makes pods of them. */
  readonly isPod: boolean;
  /** The Pod's name; empty in templates. */
  readonly podName: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly allow: Allowances;
  /** The volumes that are in order, by name. */
  readonly volumes: Map<string, Readonly<Volume>>;
  /** Names in `spec.resourceClaims`. */
  readonly claimNames: ReadonlySet<string>;
}
