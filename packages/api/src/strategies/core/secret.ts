import { configMapKeyErrors, quoteText, type Findings } from "@coracle/apimachinery";
import type { Secret } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { dataLimitBytes, sizeOfBase64, validateFrozen } from "../shared/frozen-data.ts";

const accountAnnotation = "kubernetes.io/service-account.name";

export const secrets = strategyOf<Secret>({
  hasStatus: false,
  defaults(secret) {
    secret.type ||= "Opaque";
    if (secret.stringData === undefined) return;
    const encoded = Object.fromEntries(Object.entries(secret.stringData).map(([key, text]) => [key, encodeBase64(text)]));
    secret.data = { ...secret.data, ...encoded };
    delete secret.stringData;
  },
  validate(secret, out) {
    const { data = {} } = secret;
    for (const key of Object.keys(data)) out.messages(`data[${key}]`, key, configMapKeyErrors(key));
    if (sizeOfBase64(Object.values(data)) > dataLimitBytes) out.tooLong("data", dataLimitBytes);
    rules[secret.type ?? ""]?.(secret, out);
  },
  validateUpdate(secret, old, out) {
    out.immutable(secret.type, old.type, "type");
    validateFrozen(secret, old, ["data"], out);
  },
});

type Rule = (secret: Readonly<Secret>, out: Findings) => void;

function requireKeys(...keys: readonly string[]): Rule {
  return ({ data = {} }, out) => {
    for (const key of keys) if (data[key] === undefined) out.required(`data[${key}]`);
  };
}

function requireJson(key: string): Rule {
  return ({ data = {} }, out) => {
    const encoded = data[key];
    if (encoded === undefined) return out.required(`data[${key}]`);
    const problem = jsonProblem(encoded);
    if (problem !== undefined) out.invalid(`data[${key}]`, "<secret contents redacted>", problem);
  };
}

const rules: Readonly<Record<string, Rule>> = {
  "kubernetes.io/service-account-token"({ metadata }, out) {
    if (!metadata.annotations?.[accountAnnotation]) out.required(`metadata.annotations[${accountAnnotation}]`);
  },
  "kubernetes.io/dockercfg": requireJson(".dockercfg"),
  "kubernetes.io/dockerconfigjson": requireJson(".dockerconfigjson"),
  "kubernetes.io/basic-auth"({ data = {} }, out) {
    if (data["username"] !== undefined || data["password"] !== undefined) return;
    out.required("data[username]");
    out.required("data[password]");
  },
  "kubernetes.io/ssh-auth"({ data = {} }, out) {
    if (!data["ssh-privatekey"]) out.required("data[ssh-privatekey]");
  },
  "kubernetes.io/tls": requireKeys("tls.crt", "tls.key"),
};

/** Why the text is no JSON object, in Go's words where they are short. */
function jsonProblem(encoded: string): string | undefined {
  const text = new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)));
  if (text.trim() === "") return "unexpected end of JSON input";
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
    const type = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
  } catch {
    const first = text.trim().slice(0, 1);
    if (!/[[{"\dtfn-]/.test(first)) return `invalid character ${quoteRune(first)} looking for beginning of value`;
    return "unexpected end of JSON input";
  }
}

function quoteRune(character: string): string {
  return `'${quoteText(character).slice(1, -1)}'`;
}

function encodeBase64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
