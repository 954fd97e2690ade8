import { dnsSubdomainErrors, portNumberErrors, type Findings } from "@coracle/apimachinery";
import type { ServiceReference, WebhookClientConfig } from "../../generated/admissionregistration-v1.ts";
import { parseUrl } from "../shared/go-url.ts";

/** Checks where a webhook is called: by exactly one of a URL and a service. */
export function validateClientConfig(config: Readonly<WebhookClientConfig> | undefined, at: string, out: Findings): void {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined)) out.required(at, "exactly one of url or service is required");
  else if (url !== undefined) validateWebhookUrl(url, `${at}.url`, out);
  else if (service !== undefined) validateService(service, `${at}.service`, out);
}

const form = "; desired format: https://host[/path]";

function validateWebhookUrl(url: string, at: string, out: Findings): void {
  const parsed = parseUrl(url);
  if ("problem" in parsed) {
    out.required(at, `url must be a valid URL: ${parsed.problem}${form}`);
    return;
  }
  const { scheme, host, user, fragment, query } = parsed;
  if (scheme !== "https") out.invalid(at, scheme, `'https' is the only allowed URL scheme${form}`);
  if (host === "") out.invalid(at, host, `host must be specified${form}`);
  if (user !== undefined) out.invalid(at, user, "user information is not permitted in the URL");
  if (fragment !== "") out.invalid(at, fragment, "fragments are not permitted in the URL");
  if (query !== "") out.invalid(at, query, "query parameters are not permitted in the URL");
}

function validateService({ namespace, name, path, port = 0 }: Readonly<ServiceReference>, at: string, out: Findings): void {
  out.present(name, `${at}.name`);
  out.present(namespace, `${at}.namespace`);
  const portErrors = portNumberErrors(port);
  if (portErrors.length > 0) out.invalid(`${at}.port`, port, `port is not valid: ${portErrors.join(", ")}`);
  if (path !== undefined && path !== "" && path !== "/") validatePath(path, `${at}.path`, out);
}

function validatePath(path: string, at: string, out: Findings): void {
  if (path === "//") {
    out.invalid(at, path, "segment[0] may not be empty");
    return;
  }
  if (!path.startsWith("/")) out.invalid(at, path, "must start with a '/'");
  const segments = path.slice(1).replace(/\/$/, "").split("/");
  for (const [index, segment] of segments.entries()) {
    if (segment === "") out.invalid(at, path, `segment[${index}] may not be empty`);
    else for (const message of dnsSubdomainErrors(segment)) out.invalid(at, path, `segment[${index}]: ${message}`);
  }
}
