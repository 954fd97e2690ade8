import { JsonSyntaxError, scanJson } from "./json-scan.ts";

export interface DecodeJsonOptions {
  /** Look for fields that occur twice (field validation Strict and Warn). Costs a second reading. Defaults to false. */
  readonly findDuplicates?: boolean;
}

export interface DecodedJson {
  readonly value: unknown;
  /** Paths of fields that occur twice; the last one counts. Empty unless asked for. */
  readonly duplicateFields: readonly string[];
}

/** Deeper objects are refused. (Upstream allows ten times that, which nothing honest needs.) */
export const maxJsonDepth = 1000;

/**
 * Reads JSON. Numbers become doubles: an integer beyond ±(2^53 − 1) is not rounded silently, because the schema walkers refuse
 * it wherever the schema says integer. Throws {@link JsonSyntaxError} for bad JSON or UTF-8 and for too much depth.
 */
export function decodeJson(source: Uint8Array | string, options: DecodeJsonOptions = {}): DecodedJson {
  const text = typeof source === "string" ? source : decodeText(source);
  const mayBeDeep = text.length > 2 * maxJsonDepth && isDeeperThan(text, maxJsonDepth);
  if (mayBeDeep) throw new JsonSyntaxError("exceeded max depth");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    scanJson(text, maxJsonDepth);
    throw new JsonSyntaxError((error as Error).message, { cause: error });
  }
  const duplicateFields = options.findDuplicates === true ? scanJson(text, maxJsonDepth) : [];
  return { value, duplicateFields };
}

/** UTF-8 to text. Throws {@link JsonSyntaxError} when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch (error) {
    throw new JsonSyntaxError("invalid UTF-8", { cause: error });
  }
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Only brackets outside strings count. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) {
      index = endOfString(text, index);
      if (index < 0) return false;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return false;
}

/** The index of the closing quote, -1 when there is none. `indexOf` is far faster than a loop over the characters. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
