import { Findings, labelValueErrors, parseQuantity } from "@coracle/apimachinery";
import type { Container, NodeSelectorTerm, PodAffinityTerm, PodSpec, ResourceRequirements } from "../../generated/types.ts";
import { containersOf } from "./visit-containers.ts";
import { validateLocalPath } from "./file-paths.ts";
import { divides } from "./huge-pages.ts";
import { isNamespacedWithHost } from "./sysctls.ts";
import { validateSpreadKeys } from "./topology-spread-keys.ts";

/**
 * Rules got stricter over time. What a stored object had before may stay: each function says whether the old spec broke a rule of
 * today. They are asked only where the rule is broken.
 */
export class Allowances {
  readonly #old: Readonly<PodSpec> | undefined;

  constructor(old: Readonly<PodSpec> | undefined) {
    this.#old = old;
  }

  #any(test: (old: Readonly<PodSpec>) => boolean): boolean {
    return this.#old !== undefined && test(this.#old);
  }

  /** Amounts of huge pages that are no multiple of the page's size. */
  partialHugePages(): boolean {
    return this.#any((old) => containersOf(old).some(({ container }) => hasPartialHugePages(container.resources)));
  }

  /** Values in the selectors of pod affinity that no label can have. */
  badAffinitySelectors(): boolean {
    return this.#any((old) => affinityTermsOf(old).some(hasBadSelector));
  }

  /** Values in required node affinity that no label can have. */
  badNodeSelectors(): boolean {
    return this.#any((old) =>
      (old.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).some(hasBadTerm),
    );
  }

  badSpreadSelectors(): boolean {
    return this.#any((old) =>
      (old.topologySpreadConstraints ?? []).some(({ labelSelector }) => breaksRule((out) => out.labelSelector(labelSelector, ""))),
    );
  }

  /** Keys of `matchLabelKeys` that stand in the selector too: they were merged into it only since 1.34. */
  repeatedSpreadKeys(): boolean {
    return this.#any((old) =>
      (old.topologySpreadConstraints ?? []).some((constraint) => breaksRule((out) => validateSpreadKeys(constraint, "", out))),
    );
  }

  /** Paths of service account tokens that leave the volume. */
  foreignTokenPaths(): boolean {
    return this.#any((old) =>
      (old.volumes ?? []).some((volume) =>
        (volume.projected?.sources ?? []).some(({ serviceAccountToken }) =>
          breaksRule((out) => validateLocalPath(serviceAccountToken?.path ?? "", "", out)),
        ),
      ),
    );
  }

  /** Sysctls of a namespace that the pod shares with its host. */
  hostSysctls(): boolean {
    return this.#any((old) => (old.securityContext?.sysctls ?? []).some(({ name }) => isNamespacedWithHost(name, old) !== undefined));
  }

  /** Any `seLinuxChangePolicy`, which may otherwise only be `Recursive`. */
  seLinuxChangePolicies(): boolean {
    return this.#any((old) => old.securityContext?.seLinuxChangePolicy !== undefined);
  }

  /** `RestartContainer` as a resize policy of an init container that is no sidecar. */
  restartingInitContainers(): boolean {
    return this.#any((old) => (old.initContainers ?? []).some(hasNeedlessRestart));
  }

  /** Block devices beside a user namespace. */
  devicesInUserNamespace(): boolean {
    return this.#any(
      (old) => old.hostUsers === false && containersOf(old).some(({ container }) => (container.volumeDevices ?? []).length > 0),
    );
  }

  /** The operators `Lt` and `Gt`. */
  comparingTolerations(): boolean {
    return this.#any((old) => (old.tolerations ?? []).some(({ operator }) => operator === "Lt" || operator === "Gt"));
  }

  /** The host's network beside a user namespace. */
  hostNetworkInUserNamespace(): boolean {
    return this.#any((old) => old.hostNetwork === true && old.hostUsers === false);
  }
}

/** For what is new. */
export const noAllowances = new Allowances(undefined);

function breaksRule(check: (out: Findings) => void): boolean {
  const out = new Findings();
  check(out);
  return out.errors.length > 0;
}

function hasPartialHugePages(resources: Readonly<ResourceRequirements> | undefined): boolean {
  const amounts = [...Object.entries(resources?.limits ?? {}), ...Object.entries(resources?.requests ?? {})];
  return amounts.some(([name, amount]) => !divides(name, parseQuantity(amount)));
}

function affinityTermsOf({ affinity }: Readonly<PodSpec>): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((part) => [
    ...(part?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}

function hasBadSelector({ labelSelector, namespaceSelector }: PodAffinityTerm): boolean {
  return [labelSelector, namespaceSelector].some((selector) =>
    (selector?.matchExpressions ?? []).some(({ values = [] }) => values.some((value) => labelValueErrors(value).length > 0)),
  );
}

function hasBadTerm({ matchExpressions = [] }: NodeSelectorTerm): boolean {
  return matchExpressions.some(({ values = [] }) => values.some((value) => labelValueErrors(value).length > 0));
}

function hasNeedlessRestart({ restartPolicy, resizePolicy = [] }: Container): boolean {
  return restartPolicy !== "Always" && resizePolicy.some((policy) => policy.restartPolicy === "RestartContainer");
}
