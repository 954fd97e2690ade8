/** What a PKCS #10 request says of who it is for. */
export interface RequestedIdentity {
  readonly organizations: readonly string[];
  /** The last one, as Go reads it; empty when there is none. */
  readonly commonName: string;
  /** How many DNS names and IP addresses it asks for. */
  readonly hosts: number;
  /** How many e-mail addresses and URIs. */
  readonly others: number;
}

interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

const organizationType = "55040a";
const commonNameType = "550403";
const extensionRequest = "2a864886f70d01090e";
const alternativeNames = "551d11";

/** Reads a request in PEM inside of base64, as `spec.request` carries it; undefined when it is none. */
export function readRequest(request: string): RequestedIdentity | undefined {
  try {
    const body = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/.exec(atob(request))?.[1];
    if (body === undefined) return undefined;
    const der = Uint8Array.from(atob(body.replaceAll(/\s/g, "")), (character) => character.charCodeAt(0));
    const info = childrenOf(childrenOf(childrenOf(der)[0])[0]);
    const subject = childrenOf(info[1]).flatMap((set) => childrenOf(set).map((pair) => childrenOf(pair)));
    const names = namesOf(info[3]);
    const textsOf = (type: string): string[] => subject.filter(([oid]) => hexOf(oid) === type).map(([, value]) => textOf(value));
    return {
      organizations: textsOf(organizationType),
      commonName: textsOf(commonNameType).at(-1) ?? "",
      hosts: names.filter(({ tag }) => tag === 0x82 || tag === 0x87).length,
      others: names.filter(({ tag }) => tag === 0x81 || tag === 0x86).length,
    };
  } catch (error) {
    if (error instanceof RangeError || error instanceof DOMException) return undefined;
    throw error;
  }
}

/** The GeneralNames of the alternative names that the attributes ask for. */
function namesOf(attributes: Element | undefined): Element[] {
  return childrenOf(attributes)
    .map((attribute) => childrenOf(attribute))
    .filter(([oid]) => hexOf(oid) === extensionRequest)
    .flatMap(([, values]) => childrenOf(childrenOf(values)[0]).map((extension) => childrenOf(extension)))
    .filter(([oid]) => hexOf(oid) === alternativeNames)
    .flatMap((extension) => childrenOf(childrenOf(extension.at(-1))[0]));
}

/** The elements inside of another one, by the rules of DER (X.690). @throws {RangeError} when they do not fit. */
function childrenOf(parent: Element | Uint8Array | undefined): Element[] {
  const bytes = parent instanceof Uint8Array ? parent : (parent?.bytes ?? new Uint8Array());
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const short = bytes[at + 1] ?? 0;
    const lengthSize = short > 0x80 ? short - 0x80 : 0;
    let length = short;
    if (lengthSize > 0) length = bytes.subarray(at + 2, at + 2 + lengthSize).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + lengthSize;
    if (lengthSize > 4 || start + length > bytes.length) throw new RangeError("an element is longer than what holds it");
    elements.push({ tag, bytes: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

function hexOf(element: Element | undefined): string {
  return Array.from(element?.bytes ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function textOf(element: Element | undefined): string {
  return new TextDecoder().decode(element?.bytes);
}
