import { dnsSubdomainErrors, httpPathErrors, type Findings } from "@coracle/apimachinery";

/** A name of the form `example.com/path`. */
export function validateDomainPath(name: string, at: string, out: Findings): void {
  if (name === "") return out.required(at);
  const slash = name.indexOf("/");
  const [domain, path] = slash < 0 ? [name, ""] : [name.slice(0, slash), name.slice(slash + 1)];
  if (slash < 0 || domain === "" || path === "") {
    return out.invalid(at, name, 'must be a domain-prefixed path (such as "acme.io/foo")');
  }
  for (const message of dnsSubdomainErrors(domain)) out.invalid(at, domain, message);
  for (const message of httpPathErrors(path)) out.invalid(at, path, message);
}
