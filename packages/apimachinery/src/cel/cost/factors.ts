/** The numbers by which costs are counted: cel-go's, and those that Kubernetes adds. */

/** Of looking at a character or byte once. */
export const perTextCharacter = 0.1;
/** Of trying a character of a pattern. */
export const perRegexCharacter = 0.25;
export const listCost = 10;
export const mapCost = 30;
export const messageCost = 40;
/** Of asking the authorizer: an expression can afford two questions. */
export const checkCost = 350_000;

/** Of a selector as text: two characters may be a requirement, which takes a list and an object. */
export function selectorCost(size: number): number {
  return listCost + Math.ceil(size * perTextCharacter) + Math.ceil(Math.ceil(size * 0.5) * (listCost + messageCost));
}

/** Functions of Kubernetes that only read or put together small things. */
export const costsNothingMuch: ReadonlySet<string> = new Set([
  "serviceAccount",
  "path",
  "group",
  "resource",
  "subresource",
  "namespace",
  "name",
  "allowed",
  "reason",
  "error",
  "errored",
  "masked",
  "prefixLength",
  "family",
  "isUnspecified",
  "isLoopback",
  "isLinkLocalMulticast",
  "isLinkLocalUnicast",
  "isGlobalUnicast",
  "format.named",
  "sign",
  "asInteger",
  "isInteger",
  "asApproximateFloat",
  "isGreaterThan",
  "isLessThan",
  "compareTo",
  "add",
  "sub",
  "major",
  "minor",
  "patch",
  "getScheme",
  "getHostname",
  "getHost",
  "getPort",
  "getEscapedPath",
  "getQuery",
]);

/** Of the named formats' patterns, and of their texts. */
export const longestPattern = 128;
export const longestFormat = 64;
