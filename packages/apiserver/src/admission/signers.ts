import { deepEqual, newForbidden, quoteText, type UnstructuredObject } from "@coracle/apimachinery";
import { parseCertificateSigningRequest } from "@coracle/certificates";
import type { CertificateSigningRequest } from "@coracle/api";
import { attributesFor } from "../authorization/attributes.ts";
import type { UserInfo } from "../registry/contract.ts";
import { isAbout, isResource, type AdmissionAttributes, type AdmissionPlugin } from "./admission.ts";
import type { Authorize } from "./authorize.ts";

const requests = "certificatesigningrequests.certificates.k8s.io";
const clientSigner = "kubernetes.io/kube-apiserver-client";

/** The right to act for a signer, by its name or by its domain: `example.com/*`. */
function mayUseSigner(authorize: Authorize, user: UserInfo, verb: string, signer: string): boolean {
  const [domain = ""] = signer.split("/");
  return [signer, `${domain}/*`].some((name) => {
    const asked = { verb, group: "certificates.k8s.io", resource: "signers", name };
    return authorize(attributesFor(user, asked)).type === "allow";
  });
}

function signerOf(object: Readonly<UnstructuredObject> | undefined): string {
  return ((object?.["spec"] ?? {}) as { signerName?: string }).signerName ?? "";
}

function isUpdateOf(attributes: AdmissionAttributes, subresource: string): boolean {
  return isResource(attributes.definition, requests) && attributes.subresource === subresource && attributes.operation === "UPDATE";
}

/** Requests are approved by those who have the right to for their signer. */
export function createCertificateApproval(authorize: Authorize): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    handles: (attributes) => isUpdateOf(attributes, "approval"),
    validate({ old, context, definition, name }) {
      const signer = signerOf(old);
      if (mayUseSigner(authorize, context.user, "approve", signer)) return;
      throw newForbidden(definition, name, `user not permitted to approve requests with signerName ${quoteText(signer)}`);
    },
  };
}

/** Certificates and conditions are set by those who have the right to sign for the signer. */
export function createCertificateSigning(authorize: Authorize): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    handles: (attributes) => isUpdateOf(attributes, "status"),
    validate({ object, old, context, definition, name }) {
      const [next, before] = [object, old].map((each) => (each as unknown as CertificateSigningRequest).status);
      if (next?.certificate === before?.certificate && deepEqual(next?.conditions ?? [], before?.conditions ?? [])) return;
      const signer = signerOf(old);
      if (mayUseSigner(authorize, context.user, "sign", signer)) return;
      throw newForbidden(definition, name, `user not permitted to sign requests with signerName ${quoteText(signer)}`);
    },
  };
}

/** Nobody becomes a master by asking for a certificate. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  handles: (attributes) => isAbout(attributes, requests, "CREATE"),
  validate({ object, definition, name }) {
    const { spec } = object as unknown as CertificateSigningRequest;
    if (spec.signerName !== clientSigner) return;
    let organizations: readonly string[];
    try {
      ({ organizations } = parseCertificateSigningRequest(Buffer.from(spec.request, "base64").toString("latin1")).subject);
    } catch (error) {
      throw newForbidden(definition, name, `failed to parse CSR: ${(error as Error).message}`);
    }
    if (organizations.includes("system:masters"))
      throw newForbidden(definition, name, `use of ${clientSigner} signer with system:masters group is not allowed`);
  },
};

/** Trust in a signer is declared by those who have the right to. */
export function createClusterTrustBundleAttest(authorize: Authorize): AdmissionPlugin {
  return {
    name: "ClusterTrustBundleAttest",
    handles: ({ definition, operation }) =>
      isResource(definition, "clustertrustbundles.certificates.k8s.io") && (operation === "CREATE" || operation === "UPDATE"),
    validate({ object, old, context, definition, name }) {
      const signer = signerOf(object);
      if (signer === "" || (old !== undefined && deepEqual(withoutOwners(object), withoutOwners(old)))) return;
      if (mayUseSigner(authorize, context.user, "attest", signer)) return;
      throw newForbidden(definition, name, `user not permitted to attest for signerName ${quoteText(signer)}`);
    },
  };
}

/** The garbage collector changes owners and finalizers. */
function withoutOwners(object: Readonly<UnstructuredObject> | undefined): unknown {
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _fields, ...metadata } = object?.metadata ?? {};
  return { ...object, metadata };
}
