import type { HttpExchange } from "../http/exchange.ts";
import { sendText } from "../http/respond.ts";
import { isTrue } from "../http/request-info.ts";

export interface HealthCheck {
  readonly name: string;
  /** Throws, or rejects, while it does not hold. */
  check(): void | Promise<void>;
  /** A failure that a restart might mend. Defaults to false: only `/readyz` asks. */
  readonly isLiveness?: boolean;
}

const endpoints = new Set(["livez", "readyz", "healthz"]);

/** Serves `/livez`, `/readyz`, `/healthz` and single checks below them, in upstream's form. */
export class HealthHandler {
  readonly #checks: HealthCheck[] = [{ name: "ping", isLiveness: true, check() {} }];

  add(check: HealthCheck): void {
    this.#checks.push(check);
  }

  async handle(exchange: HttpExchange, path: string, query: URLSearchParams): Promise<boolean> {
    const [endpoint = "", name, ...rest] = path.slice(1).split("/");
    if (!endpoints.has(endpoint) || rest.length > 0) return false;
    const all = this.#checks.filter((check) => endpoint === "readyz" || check.isLiveness === true);
    if (name !== undefined && name !== "") {
      const single = all.filter((check) => check.name === name || check.name.endsWith(`/${name}`));
      if (single.length === 0) return false;
      await this.#run(exchange, `${endpoint}`, single, isTrue(query.get("verbose")));
      return true;
    }
    const excluded = new Set(query.getAll("exclude"));
    await this.#run(
      exchange,
      endpoint,
      all.filter((check) => !excluded.has(check.name)),
      isTrue(query.get("verbose")),
    );
    return true;
  }

  async #run(exchange: HttpExchange, endpoint: string, checks: readonly HealthCheck[], isVerbose: boolean): Promise<void> {
    const lines: string[] = [];
    let isFailed = false;
    for (const check of checks) {
      try {
        await check.check();
        lines.push(`[+]${check.name} ok`);
      } catch {
        // Why is for the log, not for everybody.
        isFailed = true;
        lines.push(`[-]${check.name} failed: reason withheld`);
      }
    }
    if (isFailed) sendText(exchange, 500, `${lines.join("\n")}\n${endpoint} check failed\n`);
    else if (isVerbose) sendText(exchange, 200, `${lines.join("\n")}\n${endpoint} check passed\n`);
    else sendText(exchange, 200, "ok");
  }
}
