import {
  childrenOf,
  objectIdentifier,
  readElements,
  readObjectIdentifier,
  sequence,
  setOf,
  tag,
  utf8String,
  DerError,
  type Element,
} from "./der.ts";

/** Who a certificate is about. Kubernetes reads the user name from the common name and groups from the organizations. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

const commonNameId = "2.5.4.3";
const organizationId = "2.5.4.10";

export function encodeSubject({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (id: string, text: string): Buffer => sequence(objectIdentifier(id), utf8String(text));
  const parts = organizations.length === 0 ? [] : [setOf(...organizations.map((organization) => attribute(organizationId, organization)))];
  return sequence(...parts, setOf(attribute(commonNameId, commonName)));
}

/** @throws {DerError} when the element is no name. */
export function decodeSubject(element: Element | undefined): Required<Subject> {
  let commonName = "";
  const organizations: string[] = [];
  for (const set of childrenOf(element, tag.sequence)) {
    for (const attribute of childrenOf(set, tag.set)) {
      const [type, value] = readElements(attribute.content);
      if (type?.tag !== tag.objectIdentifier || value === undefined) throw new DerError("malformed name");
      const id = readObjectIdentifier(type.content);
      const text = value.tag === 0x1e ? value.content.swap16().toString("utf16le") : value.content.toString("utf8");
      if (id === commonNameId) commonName = text;
      else if (id === organizationId) organizations.push(text);
    }
  }
  return { commonName, organizations };
}
