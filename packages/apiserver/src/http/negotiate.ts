import { newNotAcceptable, StatusError } from "@coracle/apimachinery";

/** The form that an answer takes. */
export interface Negotiated {
  readonly format: Format;
  /** Undefined sends the object itself. */
  readonly as: Transform | undefined;
  /** Of `meta.k8s.io`, for `as`. */
  readonly metaVersion: string;
  /** Whether the media type asks for line breaks (`pretty=1`). */
  readonly isPretty: boolean;
}

export type Format = "json" | "yaml" | "protobuf";
export type Transform = "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";

/** What the resource behind a request can be sent as. */
export interface Offer {
  /** Custom resources have no protobuf form; their metadata has. */
  readonly hasProtobuf: boolean;
  /** What is only answered and never stored (reviews) has none. */
  readonly hasTable: boolean;
  /** Of the request; watches cannot be YAML. */
  readonly verb: string;
  /** Whether other servers' routers would look at the Accept header first: upstream's does for all but custom resources. */
  readonly isRouted: boolean;
}

export const protobufType = "application/vnd.kubernetes.protobuf";
export const producedTypes: readonly string[] = ["application/json", "application/yaml", protobufType];
const streamTypes = ["application/json;stream=watch", `${protobufType};stream=watch`];
const formats: readonly Format[] = ["json", "yaml", "protobuf"];
const plainJson: Negotiated = { format: "json", as: undefined, metaVersion: "v1", isPretty: false };
const transforms = new Set(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

export interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Chooses among the media types of an Accept header, in the client's order of preference, as upstream: of equal ones the first, of what a wildcard
 * means JSON. @throws {StatusError} 406 when nothing fits.
 */
export function negotiate(accept: string | undefined, offer: Offer): Negotiated {
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json") return plainJson;
  const ranges = parseAccept(accept);
  if (offer.isRouted && !ranges.some(({ type }) => type === "*/*" || producedTypes.includes(type))) throw notRouted(offer.verb);
  for (const range of ranges) {
    const negotiated = chooseOf(range, offer);
    if (negotiated === undefined) continue;
    if (offer.verb === "watch" && negotiated.format === "yaml") throw newNotAcceptable(streamTypes);
    return negotiated;
  }
  throw newNotAcceptable(producedTypes);
}

/** The form of an error, which is never transformed. Where nothing fits, people shall be able to read it. */
export function negotiateError(accept: string | undefined): Negotiated {
  if (accept === undefined || accept === "") return plainJson;
  for (const { type, parameters } of parseAccept(accept)) {
    const [format] = formatsOf(type);
    if (format !== undefined && transformOf(parameters) === undefined) return { ...plainJson, format, isPretty: isPretty(parameters) };
  }
  return { ...plainJson, isPretty: true };
}

/** The ranges of an Accept header, the preferred first, wildcards last among equals. As upstream, a quality of 0 only puts a range last. */
export function parseAccept(accept: string): MediaRange[] {
  const ranges = accept.split(",", 32).map(parseRange);
  return ranges.sort((left, right) => right.quality - left.quality || Number(left.type.endsWith("*")) - Number(right.type.endsWith("*")));
}

function parseRange(item: string): MediaRange {
  const [type = "", ...rest] = item.split(";", 32).map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const [name = "", value] = part.split("=", 2);
    if (value !== undefined && value !== "") parameters.set(name.trim(), value.trim().replaceAll('"', ""));
  }
  const quality = Number(parameters.get("q") ?? 1);
  return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
}

/** The formats of a media range, upstream's order. */
function formatsOf(type: string): readonly Format[] {
  if (type === "*/*" || type === "application/*") return formats;
  const index = producedTypes.indexOf(type);
  return index < 0 ? [] : formats.slice(index, index + 1);
}

function chooseOf({ type, parameters }: MediaRange, offer: Offer): Negotiated | undefined {
  const transform = transformOf(parameters);
  for (const format of formatsOf(type)) {
    const stream = parameters.get("stream");
    if (stream !== undefined && (stream !== "watch" || format === "yaml")) continue;
    if (parameters.has("sv") && parameters.get("sv") !== "v1") continue;
    const base = { format, isPretty: isPretty(parameters) };
    if (transform === undefined) {
      if (format !== "protobuf" || offer.hasProtobuf) return { ...base, as: undefined, metaVersion: "v1" };
    } else if (transform.as !== "Table" || (format !== "protobuf" && offer.hasTable)) {
      if (transforms.has(transform.as)) return { ...base, ...(transform as { as: Transform; metaVersion: string }) };
    }
  }
  return undefined;
}

/** What an object shall be turned into; `as` is empty for what does not exist. */
function transformOf(parameters: ReadonlyMap<string, string>): { readonly as: string; readonly metaVersion: string } | undefined {
  if (!parameters.has("as") && !parameters.has("g") && !parameters.has("v")) return undefined;
  const metaVersion = parameters.get("v") ?? "";
  const isMeta = parameters.get("g") === "meta.k8s.io" && (metaVersion === "v1" || metaVersion === "v1beta1");
  return { as: isMeta ? (parameters.get("as") ?? "") : "", metaVersion };
}

function isPretty(parameters: ReadonlyMap<string, string>): boolean {
  return parameters.get("pretty") === "1";
}

/** What upstream's router says before its handlers see the request. */
function notRouted(verb: string): StatusError {
  const available = [...producedTypes, ...(verb === "list" || verb === "watch" ? streamTypes : [])].join(", ");
  const message = `406: Not Acceptable\n\nAvailable representations: ${available}`;
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "NotAcceptable",
    details: {},
    code: 406,
  });
}
