import { newNotAcceptable } from "@coracle/apimachinery";

/** The form that an answer takes. */
export interface Negotiated {
  readonly format: "json" | "yaml";
  /** Undefined sends the object itself. */
  readonly as: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList" | undefined;
  /** Of `meta.k8s.io`, for `as`. */
  readonly metaVersion: string;
}

const plainJson: Negotiated = { format: "json", as: undefined, metaVersion: "v1" };
const produced = ["application/json", "application/yaml"];
const transforms = new Set(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Chooses among the media types of an Accept header, in the client's order. Protobuf is not spoken: clients that name JSON after it
 * get JSON. @throws {StatusError} 406 when nothing fits.
 */
export function negotiate(accept: string | undefined): Negotiated {
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json") return plainJson;
  for (const range of parseAccept(accept)) {
    const format = formatOf(range.type);
    if (format === undefined) continue;
    const as = range.parameters.get("as");
    if (as === undefined) return { ...plainJson, format };
    const metaVersion = range.parameters.get("v") ?? "";
    const isMeta = range.parameters.get("g") === "meta.k8s.io" && (metaVersion === "v1" || metaVersion === "v1beta1");
    if (isMeta && transforms.has(as)) return { format, as: as as NonNullable<Negotiated["as"]>, metaVersion };
  }
  throw newNotAcceptable(produced);
}

/** The ranges of an Accept header, the preferred first. */
export function parseAccept(accept: string): MediaRange[] {
  const ranges = accept.split(",", 32).map((item): MediaRange => {
    const [type = "", ...rest] = item.split(";").map((part) => part.trim());
    const parameters = new Map<string, string>();
    for (const part of rest) {
      const equals = part.indexOf("=");
      if (equals > 0)
        parameters.set(
          part.slice(0, equals).trim(),
          part
            .slice(equals + 1)
            .trim()
            .replaceAll('"', ""),
        );
    }
    const quality = Number(parameters.get("q") ?? 1);
    return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
  });
  return ranges.filter((range) => range.quality > 0).sort((left, right) => right.quality - left.quality);
}

function formatOf(type: string): Negotiated["format"] | undefined {
  if (type === "application/json" || type === "*/*" || type === "application/*") return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}
