/**
 * The rules for names, keys and values. Each function returns what is wrong, in upstream's words; an empty list means valid.
 * They are written for the common case, a valid name: one regular expression, no allocation.
 */

const none: readonly string[] = Object.freeze([]) as readonly string[];

const label1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const labelKey = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const label1123Pattern = new RegExp(`^${label1123}$`);
const subdomainPattern = new RegExp(`^${subdomain1123}$`);
const wildcardPattern = new RegExp(`^\\*\\.${subdomain1123}$`);
const label1035Pattern = new RegExp(`^${label1035}$`);
const labelKeyPattern = new RegExp(`^${labelKey}$`);
const labelValuePattern = new RegExp(`^(${labelKey})?$`);

const underscoredLabel = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscoredSubdomain = `${underscoredLabel}(\\.${underscoredLabel})*`;
const underscoredPattern = new RegExp(`^${underscoredSubdomain}$`);

const subdomainMax = 253;
const labelMax = 63;

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const underscoredText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const label1123Text =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const wildcardText =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const labelKeyText = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `must be no more than 63 characters`. */
export function maxLengthMessage(length: number): string {
  return `must be no more than ${length} characters`;
}

/** The message for a broken pattern, with examples of what would do. */
export function patternMessage(rule: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return shown === ""
    ? `${rule} (regex used for validation is '${pattern}')`
    : `${rule} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

/** `must be between 1 and 65535, inclusive`. */
export function rangeMessage(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** A name such as most objects have: `my-app.v1`. */
export function dnsSubdomainErrors(value: string): readonly string[] {
  if (value.length <= subdomainMax && subdomainPattern.test(value)) return none;
  const errors = value.length > subdomainMax ? [maxLengthMessage(subdomainMax)] : [];
  if (!subdomainPattern.test(value)) errors.push(patternMessage(subdomainText, subdomain1123, "example.com"));
  return errors;
}

/** A name that fits in one DNS label: namespaces, containers, volumes. */
export function dnsLabelErrors(value: string): readonly string[] {
  if (value.length <= labelMax && label1123Pattern.test(value)) return none;
  const errors = value.length > labelMax ? [maxLengthMessage(labelMax)] : [];
  if (!label1123Pattern.test(value)) {
    const isSubdomain = subdomainPattern.test(value);
    errors.push(isSubdomain ? "must not contain dots" : patternMessage(label1123Text, label1123, "my-name", "123-abc"));
  }
  return errors;
}

/** A DNS label that starts with a letter: Services. */
export function dns1035LabelErrors(value: string): readonly string[] {
  if (value.length <= labelMax && label1035Pattern.test(value)) return none;
  const errors = value.length > labelMax ? [maxLengthMessage(labelMax)] : [];
  if (!label1035Pattern.test(value)) errors.push(patternMessage(label1035Text, label1035, "my-name", "abc-123"));
  return errors;
}

/** A DNS subdomain whose labels may start with or contain an underscore, as search domains do. */
export function underscoredSubdomainErrors(value: string): readonly string[] {
  const errors = value.length > subdomainMax ? [maxLengthMessage(subdomainMax)] : [];
  if (!underscoredPattern.test(value)) errors.push(patternMessage(underscoredText, underscoredSubdomain, "example.com"));
  return errors;
}

/** `*.example.com`, as Ingress hosts may be. */
export function wildcardSubdomainErrors(value: string): readonly string[] {
  const errors = value.length > subdomainMax ? [maxLengthMessage(subdomainMax)] : [];
  if (!wildcardPattern.test(value)) errors.push(patternMessage(wildcardText, `\\*\\.${subdomain1123}`, "*.example.com"));
  return errors;
}

/** Keys of labels, annotations, taints, resources, finalizers: `example.com/name` or `name`. */
export function qualifiedNameErrors(value: string): readonly string[] {
  const slash = value.indexOf("/");
  const name = slash < 0 ? value : value.slice(slash + 1);
  if (name.length <= labelMax && labelKeyPattern.test(name)) {
    if (slash < 0) return none;
    if (slash > 0 && slash <= subdomainMax && subdomainPattern.test(value.slice(0, slash))) return none;
  }
  const pattern = patternMessage(labelKeyText, labelKey, "MyName", "my.name", "123-abc");
  if (slash >= 0 && name.includes("/")) {
    return [`a valid label key ${pattern} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const errors: string[] = [];
  const prefix = value.slice(0, Math.max(0, slash));
  if (slash === 0) errors.push("prefix part must be non-empty");
  else if (slash > 0) errors.push(...dnsSubdomainErrors(prefix).map((message) => `prefix part ${message}`));
  if (name === "") errors.push("name part must be non-empty");
  else if (name.length > labelMax) errors.push(`name part must be no more than ${labelMax} bytes`);
  if (!labelKeyPattern.test(name)) errors.push(`name part ${pattern}`);
  return errors.length === 0 ? none : errors;
}

/** The value of a label. */
export function labelValueErrors(value: string): readonly string[] {
  if (value.length <= labelMax && labelValuePattern.test(value)) return none;
  const errors = value.length > labelMax ? [`must be no more than ${labelMax} bytes`] : [];
  if (!labelValuePattern.test(value)) errors.push(patternMessage(labelValueText, `(${labelKey})?`, "MyValue", "my_value", "12345"));
  return errors;
}

/** A key of a ConfigMap or Secret: a file name. */
export function configMapKeyErrors(value: string): readonly string[] {
  const errors = value.length > subdomainMax ? [maxLengthMessage(subdomainMax)] : [];
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(patternMessage(rule, "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"));
  }
  if (value === ".") errors.push("must not be '.'");
  else if (value === "..") errors.push("must not be '..'");
  else if (value.startsWith("..")) errors.push("must not start with '..'");
  return errors;
}

/** The name of an environment variable; everything printable but `=`. */
export function envVarNameErrors(value: string): readonly string[] {
  if (value === "") return ["environment variable name must be non-empty"];
  if (/^[ -<>-~]+$/.test(value)) return none;
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** The name of a port. */
export function portNameErrors(value: string): readonly string[] {
  const errors = value.length > 15 ? [maxLengthMessage(15)] : [];
  if (!/^[-a-z0-9]+$/.test(value)) errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) errors.push("must contain at least one letter (a-z)");
  if (value.includes("--")) errors.push("must not contain consecutive hyphens");
  if (/^-|-$/.test(value)) errors.push("must not begin or end with a hyphen");
  return errors;
}

/** A port's number. */
export function portNumberErrors(value: number): readonly string[] {
  return value >= 1 && value <= 65535 ? none : [rangeMessage(1, 65535)];
}

/** `25%`. */
export function percentErrors(value: string): readonly string[] {
  if (/^[0-9]+%$/.test(value)) return none;
  return [patternMessage("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", "1%", "93%")];
}

/** A C identifier. */
export function identifierErrors(value: string): readonly string[] {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return none;
  const rule = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return [patternMessage(rule, "[A-Za-z_][A-Za-z0-9_]*", "my_name", "MY_NAME", "MyName")];
}

/** The name of an HTTP header. */
export function headerNameErrors(value: string): readonly string[] {
  if (/^[-A-Za-z0-9]+$/.test(value)) return none;
  return [patternMessage("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", "X-Header-Name")];
}

/** The path of a URL, as non-resource rules and domain-prefixed paths have it. */
export function httpPathErrors(value: string): readonly string[] {
  const pattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
  return /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(value) ? none : [patternMessage("Invalid path", pattern)];
}

/** A name that becomes one segment of a URL path, for the kinds with lenient names (RBAC). */
export function pathSegmentErrors(value: string, isPrefix = false): readonly string[] {
  if (!isPrefix && (value === "." || value === "..")) return [`may not be '${value}'`];
  return ["/", "%"].filter((character) => value.includes(character)).map((character) => `may not contain '${character}'`);
}

/**
 * A rule for names made into one for `generateName`: what is generated from a prefix may end differently, so a trailing dash is
 * looked at as if a letter followed.
 */
export function nameRule(errorsOf: (value: string) => readonly string[]): (name: string, isPrefix: boolean) => string[] {
  return (name, isPrefix) => [...errorsOf(isPrefix && name.endsWith("-") ? `${name.slice(0, -1)}a` : name)];
}
