import { objectAt, setDefault } from "./fields.ts";
import { readRequest } from "./certificate-request.ts";
import type { VersionForm } from "./version-form.ts";

/** `certificates.k8s.io/v1beta1`: usages and signer need not be said. Without a signer it is the one that a node's request is for, if it is one. */
export const certificateSigningRequestForm: VersionForm = {
  applyDefaults(object) {
    const spec = objectAt(object, "spec");
    if (spec === undefined) return;
    setDefault(spec, "usages", ["digital signature", "key encipherment"]);
    setDefault(spec, "signerName", signerOf(String(spec["request"] ?? ""), spec["usages"] as readonly string[]));
  },
};

function signerOf(request: string, usages: readonly string[]): string {
  const { organizations, commonName, hosts, others } = readRequest(request) ?? { organizations: [], commonName: "", hosts: 0, others: 0 };
  const isNode = organizations.length === 1 && organizations[0] === "system:nodes" && commonName.startsWith("system:node:");
  if (!isNode || others > 0) return "kubernetes.io/legacy-unknown";
  if (hosts === 0 && isFor(usages, "client auth")) return "kubernetes.io/kube-apiserver-client-kubelet";
  if (hosts > 0 && isFor(usages, "server auth")) return "kubernetes.io/kubelet-serving";
  return "kubernetes.io/legacy-unknown";
}

/** Key encipherment is for RSA keys, and may be missing. */
function isFor(usages: readonly string[], use: string): boolean {
  const others = new Set(usages);
  others.delete("key encipherment");
  return others.size === 2 && others.has("digital signature") && others.has(use);
}
