import { configMapKeyErrors, dnsSubdomainErrors, envVarNameErrors, nameRule, type Findings } from "@coracle/apimachinery";
import type { EnvFromSource, EnvVar, FileKeySelector } from "../../generated/types.ts";
import { envFieldPaths, validateFieldRef, validateResourceFieldRef } from "./downward-api.ts";
import { validateNoBacksteps } from "./file-paths.ts";

const prefixRule = nameRule(dnsSubdomainErrors);

export function validateEnv(variables: readonly EnvVar[], at: string, out: Findings): void {
  for (const [index, variable] of variables.entries()) {
    const here = `${at}[${index}]`;
    if (out.present(variable.name, `${here}.name`)) out.messages(`${here}.name`, variable.name, envVarNameErrors(variable.name));
    if (variable.valueFrom !== undefined) validateValueFrom(variable, `${here}.valueFrom`, out);
  }
}

function validateValueFrom({ value = "", valueFrom = {} }: Readonly<EnvVar>, at: string, out: Findings): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  if (fieldRef !== undefined) validateFieldRef(fieldRef, envFieldPaths, `${at}.fieldRef`, out);
  if (resourceFieldRef !== undefined) validateResourceFieldRef(resourceFieldRef, `${at}.resourceFieldRef`, out);
  if (configMapKeyRef !== undefined) validateKeyRef(configMapKeyRef, `${at}.configMapKeyRef`, out);
  if (secretKeyRef !== undefined) validateKeyRef(secretKeyRef, `${at}.secretKeyRef`, out);
  if (fileKeyRef !== undefined) validateFileKeyRef(fileKeyRef, `${at}.fileKeyRef`, out);
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter((source) => source !== undefined).length;
  if (count === 0)
    out.invalid(at, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
  else if (value !== "") out.invalid(at, "", "may not be specified when `value` is not empty");
  else if (count > 1) out.invalid(at, "", "may not have more than one field specified at a time");
}

function validateKeyRef(reference: { readonly name?: string | undefined; readonly key: string }, at: string, out: Findings): void {
  const { name = "", key } = reference;
  out.subdomain(name, `${at}.name`);
  if (out.present(key, `${at}.key`)) out.messages(`${at}.key`, key, configMapKeyErrors(key));
}

function validateFileKeyRef({ key, volumeName, path }: Readonly<FileKeySelector>, at: string, out: Findings): void {
  if (out.present(key, `${at}.key`)) out.messages(`${at}.key`, key, envVarNameErrors(key));
  if (out.present(volumeName, `${at}.volumeName`)) out.label(volumeName, `${at}.volumeName`);
  if (out.present(path, `${at}.path`)) validateNoBacksteps(path, `${at}.path`, out);
}

export function validateEnvFrom(sources: readonly EnvFromSource[], at: string, out: Findings): void {
  for (const [index, source] of sources.entries()) {
    const here = `${at}[${index}]`;
    if (source.prefix) out.messages(`${here}.prefix`, source.prefix, envVarNameErrors(source.prefix));
    let count = 0;
    for (const name of ["configMapRef", "secretRef"] as const) {
      const reference = source[name];
      if (reference === undefined) continue;
      count++;
      if (out.present(reference.name, `${here}.${name}.name`))
        out.messages(`${here}.${name}.name`, reference.name, prefixRule(reference.name ?? "", true));
    }
    if (count === 0) out.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    else if (count > 1) out.invalid(at, "", "may not have more than one field specified at a time");
  }
}
