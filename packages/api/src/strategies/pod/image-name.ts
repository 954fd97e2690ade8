const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const hostLabel = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const host = `(?:${hostLabel}(?:\\.${hostLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const tag = "\\w[\\w.-]{0,127}";
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const reference = new RegExp(`^(?:${host}/)?${component}(?:/${component})*(?::(${tag}))?(?:@(${digest}))?$`);
const longestReference = 1024;

/** Whether an image has the tag `latest`, or neither tag nor digest; a text that is no image reference has not (OCI distribution spec). */
export function isLatestImage(image: string): boolean {
  const match = image.length > longestReference || /^[a-f0-9]{64}$/.test(image) ? null : reference.exec(image);
  if (match === null) return false;
  const [, tagName, digestText] = match;
  return tagName === "latest" || (tagName === undefined && digestText === undefined);
}
