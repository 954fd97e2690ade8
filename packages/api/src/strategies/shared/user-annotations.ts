import { annotationsLimitBytes, qualifiedNameErrors, type Findings } from "@coracle/apimachinery";

/** Annotations that are handed on to a signer: each key with a domain, and as much in total as annotations may be. */
export function validateUserAnnotations(annotations: Readonly<Record<string, string>> | undefined, at: string, out: Findings): void {
  let bytes = 0;
  const encoder = new TextEncoder();
  for (const [key, value] of Object.entries(annotations ?? {})) {
    validateDomainKey(key.toLowerCase(), at, out);
    bytes += encoder.encode(key).length + encoder.encode(value).length;
  }
  if (bytes > annotationsLimitBytes) out.tooLong(at, annotationsLimitBytes);
}

function validateDomainKey(key: string, at: string, out: Findings): void {
  if (!out.present(key, at)) return;
  const errors = qualifiedNameErrors(key);
  out.messages(at, key, errors);
  if (errors.length === 0 && !key.includes("/")) out.invalid(at, key, 'must be a domain-prefixed key (such as "acme.io/foo")');
}
