import { dnsLabelErrors, nameRule, qualifiedNameErrors, type Findings } from "@coracle/apimachinery";
import type { Namespace } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";

const nameLabel = "kubernetes.io/metadata.name";

export const namespaces = strategyOf<Namespace>({
  hasGeneration: false,
  defaults: labelWithName,
  prepareCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    namespace.spec = { ...namespace.spec, finalizers: finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"] };
    namespace.status = { phase: "Active" };
    labelWithName(namespace);
  },
  prepareUpdate(namespace, old, { subresource }) {
    labelWithName(namespace);
    // Only the subresource `finalize` may change what holds the namespace.
    if (subresource !== "finalize") namespace.spec = { ...namespace.spec, finalizers: old.spec?.finalizers ?? [] };
    if (subresource === "" && namespace.metadata.deletionTimestamp !== undefined)
      namespace.status = { ...namespace.status, phase: "Terminating" };
  },
  validate: (namespace, out, old) => (old === undefined ? validateFinalizers(namespace, out) : undefined),
  subresources: {
    finalize: (namespace, _old, out) => validateFinalizers(namespace, out),
    status({ metadata, status = {} }, _old, out) {
      const expected = metadata.deletionTimestamp === undefined ? "Active" : "Terminating";
      const emptiness = expected === "Active" ? "empty" : "not empty";
      if (status.phase !== expected)
        out.invalid("status.Phase", status.phase ?? "", `may only be '${expected}' if \`deletionTimestamp\` is ${emptiness}`);
    },
  },
  more: { validateName: nameRule(dnsLabelErrors) },
});

function validateFinalizers({ spec }: Readonly<Namespace>, out: Findings): void {
  for (const [index, name] of (spec?.finalizers ?? []).entries()) {
    const at = `spec.finalizers[${index}]`;
    out.messages(at, name, qualifiedNameErrors(name));
    if (!name.includes("/") && !["kubernetes", "orphan", "foregroundDeletion"].includes(name))
      out.invalid(at, name, "name is neither a standard finalizer name nor is it fully qualified");
  }
}

function labelWithName(namespace: Namespace): void {
  const { name } = namespace.metadata;
  if (name) namespace.metadata.labels = { ...namespace.metadata.labels, [nameLabel]: name };
}
