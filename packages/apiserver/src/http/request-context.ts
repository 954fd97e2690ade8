import type { RequestContext, UserInfo } from "../registry/contract.ts";
import type { HttpExchange } from "./exchange.ts";
import { optionsKindOf, readDryRun, readFieldManager, readFieldValidation } from "./query.ts";

/** More would make answers that proxies refuse; upstream cuts at 4 KiB of warnings too. */
const warningsLimit = 32;

/** The context of an HTTP request. */
export class HttpRequestContext implements RequestContext {
  readonly user: UserInfo;
  readonly fieldManager: string;
  readonly hasExplicitFieldManager: boolean;
  readonly isDryRun: boolean;
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  readonly #exchange: HttpExchange;
  readonly #warnings = new Set<string>();

  /** @throws {StatusError} 422 for a bad `fieldManager`, `dryRun` or `fieldValidation`. */
  constructor(exchange: HttpExchange, user: UserInfo, query: URLSearchParams) {
    this.#exchange = exchange;
    this.user = user;
    const optionsKind = optionsKindOf(exchange.method);
    const given = readFieldManager(query.get("fieldManager"), optionsKind);
    this.hasExplicitFieldManager = given !== "";
    this.fieldManager = given === "" ? managerOf(exchange.headers["user-agent"]) : given;
    this.isDryRun = readDryRun(query.getAll("dryRun"), optionsKind);
    this.fieldValidation = readFieldValidation(query.get("fieldValidation"), optionsKind);
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  warn(text: string): void {
    if (this.#warnings.has(text) || this.#warnings.size >= warningsLimit) return;
    this.#warnings.add(text);
    this.#exchange.addHeader("warning", formatWarning(text));
  }
}

/** RFC 7234 `299 - "text"`. Control characters would end the header. */
export function formatWarning(text: string): string {
  // eslint-disable-next-line no-control-regex
  const plain = text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").slice(0, 1024);
  const latin = Buffer.from(plain, "utf8").toString("latin1");
  return `299 - "${latin.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** The program that a User-Agent names. */
function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? "unknown").split("/", 1)[0] as string;
  return name.replaceAll(/[^\u0020-\u007e\u00a1-\u00ff]/g, "").slice(0, 128);
}
