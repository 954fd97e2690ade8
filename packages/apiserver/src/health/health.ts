import type { Logger } from "@coracle/base";
import type { HttpExchange } from "../http/exchange.ts";
import { sendText } from "../http/respond.ts";

export interface HealthCheck {
  readonly name: string;
  /** Throws, or rejects, while it does not hold. */
  check(): void | Promise<void>;
  /** Whether only `/readyz` asks: not to be used, but nothing that a restart would mend. Defaults to false. */
  readonly isReadinessOnly?: boolean;
}

/** How often checks held and did not, for `/metrics/slis`. */
export interface CheckOutcome {
  readonly name: string;
  /** `livez`, `readyz`, `healthz`. */
  readonly endpoint: string;
  readonly isHealthy: boolean;
  readonly successes: number;
  readonly errors: number;
}

const endpoints = new Set(["livez", "readyz", "healthz"]);

/** Serves `/livez`, `/readyz`, `/healthz` and single checks below them, in upstream's form. */
export class HealthHandler {
  readonly #log: Logger;
  readonly #checks: HealthCheck[] = [{ name: "ping", check() {} }];
  readonly #outcomes = new Map<string, { -readonly [K in keyof CheckOutcome]: CheckOutcome[K] }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Checks are asked, and told, in the order in which they were added. */
  add(check: HealthCheck): void {
    this.#checks.push(check);
  }

  /** `/healthz/ping` … */
  get paths(): readonly string[] {
    return [...endpoints].flatMap((endpoint) => [`/${endpoint}`, ...this.#checksOf(endpoint).map(({ name }) => `/${endpoint}/${name}`)]);
  }

  get outcomes(): readonly CheckOutcome[] {
    return [...this.#outcomes.values()];
  }

  async handle(exchange: HttpExchange, path: string, query: URLSearchParams): Promise<boolean> {
    const [, endpoint = "", name] = /^\/([a-z]+)(?:\/(.*))?$/.exec(path) ?? [];
    if (!endpoints.has(endpoint)) return false;
    if (name !== undefined) return this.#single(exchange, endpoint, name);
    await this.#all(exchange, endpoint, query);
    return true;
  }

  #checksOf(endpoint: string): readonly HealthCheck[] {
    return this.#checks.filter(({ isReadinessOnly }) => endpoint === "readyz" || isReadinessOnly !== true);
  }

  async #single(exchange: HttpExchange, endpoint: string, name: string): Promise<boolean> {
    const check = this.#checksOf(endpoint).find((each) => each.name === name);
    if (check === undefined) return false;
    const error = await this.#run(check, endpoint);
    if (error === undefined) sendText(exchange, 200, "ok");
    else sendText(exchange, 500, `internal server error: ${error.message}\n`);
    return true;
  }

  async #all(exchange: HttpExchange, endpoint: string, query: URLSearchParams): Promise<void> {
    const excluded = new Set(query.getAll("exclude"));
    const unknown = new Set(excluded);
    const lines: string[] = [];
    const failures: string[] = [];
    for (const check of this.#checksOf(endpoint)) {
      const { name } = check;
      if (excluded.has(name)) {
        unknown.delete(name);
        lines.push(`[+]${name} excluded: ok`);
        continue;
      }
      const error = await this.#run(check, endpoint);
      // Why is for the log, not for everybody.
      lines.push(error === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`);
      if (error !== undefined) failures.push(`${name}: ${error.message}`);
    }
    if (unknown.size > 0) {
      const names = [...unknown].sort().map((each) => JSON.stringify(each));
      lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(",")}`);
    }
    if (failures.length > 0) {
      this.#log.debug(`${endpoint} check failed`, { failures });
      sendText(exchange, 500, `${lines.join("\n")}\n${endpoint} check failed\n`);
    } else if (query.has("verbose")) sendText(exchange, 200, `${lines.join("\n")}\n${endpoint} check passed\n`);
    else sendText(exchange, 200, "ok");
  }

  async #run(check: HealthCheck, endpoint: string): Promise<Error | undefined> {
    const key = `${endpoint} ${check.name}`;
    const outcome = this.#outcomes.get(key) ?? { name: check.name, endpoint, isHealthy: true, successes: 0, errors: 0 };
    this.#outcomes.set(key, outcome);
    try {
      await check.check();
      outcome.successes++;
      outcome.isHealthy = true;
      return undefined;
    } catch (error) {
      outcome.errors++;
      outcome.isHealthy = false;
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}
