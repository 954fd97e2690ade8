import { dns1035LabelErrors, dnsSubdomainErrors, pathSegmentErrors, type Findings } from "@coracle/apimachinery";
import type { ParamKind, ParamRef } from "../../generated/types.ts";

const notFoundActions = ["Deny", "Allow"];

/** Checks the kind of a policy's parameters. */
export function validateParamKind({ apiVersion = "", kind = "" }: Readonly<ParamKind>, at: string, out: Findings): void {
  if (out.present(apiVersion, `${at}.apiVersion`)) validateApiVersion(apiVersion, `${at}.apiVersion`, out);
  if (!out.present(kind, `${at}.kind`)) return;
  const errors = dns1035LabelErrors(kind.toLowerCase());
  if (errors.length > 0) out.invalid(`${at}.kind`, kind, `may have mixed case, but should otherwise match: ${errors.join(",")}`);
}

function validateApiVersion(apiVersion: string, at: string, out: Findings): void {
  const parts = apiVersion === "/" ? [""] : apiVersion.split("/");
  if (parts.length > 2) {
    out.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    return;
  }
  const [group, version] = parts.length === 1 ? ["", parts[0] ?? ""] : [parts[0] ?? "", parts[1] ?? ""];
  const groupErrors = group === "" ? [] : dnsSubdomainErrors(group);
  if (groupErrors.length > 0) out.invalid(at, group, groupErrors.join(","));
  if (version === "") out.invalid(at, apiVersion, "version must be specified");
  else {
    const versionErrors = dns1035LabelErrors(version);
    if (versionErrors.length > 0) out.invalid(at, version, versionErrors.join(","));
  }
}

/** Checks which parameters a binding gives to its policy. */
export function validateParamRef(ref: Readonly<ParamRef>, at: string, out: Findings): void {
  const { name = "", selector, parameterNotFoundAction: action = "" } = ref;
  const isBoth = name !== "" && selector !== undefined;
  if (name !== "") out.messages(`${at}.name`, name, pathSegmentErrors(name));
  if (isBoth) out.forbidden(`${at}.name`, "name and selector are mutually exclusive");
  out.labelSelector(selector, `${at}.selector`);
  if (isBoth) out.forbidden(`${at}.selector`, "name and selector are mutually exclusive");
  if (name === "" && selector === undefined) out.required(at, "one of name or selector must be specified");
  if (!out.present(action, `${at}.parameterNotFoundAction`)) return;
  if (!notFoundActions.includes(action)) out.unsupported(`${at}.parameterNotFoundAction`, action, notFoundActions);
}
