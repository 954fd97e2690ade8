import { silentLogger } from "@coracle/base";
import { expect, it } from "vitest";
import type { HttpExchange } from "../http/exchange.ts";
import { HealthHandler } from "./health.ts";

function handlerWith(failing: ReadonlySet<string>): HealthHandler {
  const handler = new HealthHandler(silentLogger);
  for (const name of ["etcd", "poststarthook/rbac/bootstrap-roles"]) handler.add({ name, check: () => fail(failing, name) });
  handler.add({ name: "shutdown", isReadinessOnly: true, check: () => fail(failing, "shutdown") });
  return handler;
}

function fail(failing: ReadonlySet<string>, name: string): void {
  if (failing.has(name)) throw new Error(`${name} is broken`);
}

async function ask(handler: HealthHandler, url: string): Promise<[number, string] | undefined> {
  let answer: [number, string] | undefined;
  const exchange = {
    respond: (code: number, _headers: unknown, text: string) => (answer = [code, text]),
  } as unknown as HttpExchange;
  const { pathname, searchParams } = new URL(url, "https://x");
  return (await handler.handle(exchange, pathname, searchParams)) ? answer : undefined;
}

it("tells in upstream's words which checks hold", async () => {
  const handler = handlerWith(new Set());
  expect(await ask(handler, "/livez")).toEqual([200, "ok"]);
  expect(await ask(handler, "/livez?verbose")).toEqual([
    200,
    "[+]ping ok\n[+]etcd ok\n[+]poststarthook/rbac/bootstrap-roles ok\nlivez check passed\n",
  ]);
  expect(await ask(handler, "/readyz?verbose&exclude=etcd&exclude=nothing&exclude=more")).toEqual([
    200,
    "[+]ping ok\n[+]etcd excluded: ok\n[+]poststarthook/rbac/bootstrap-roles ok\n[+]shutdown ok\n" +
      'warn: some health checks cannot be excluded: no matches for "more","nothing"\nreadyz check passed\n',
  ]);
  expect(await ask(handler, "/healthz/poststarthook/rbac/bootstrap-roles")).toEqual([200, "ok"]);
  expect(await ask(handler, "/healthz/bootstrap-roles")).toBeUndefined();
  expect(await ask(handler, "/livez/shutdown")).toBeUndefined();
  expect(await ask(handler, "/other")).toBeUndefined();
});

it("keeps the reason of a failure from those who only ask whether all is well", async () => {
  const handler = handlerWith(new Set(["etcd", "shutdown"]));
  expect(await ask(handler, "/readyz")).toEqual([
    500,
    "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/rbac/bootstrap-roles ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n",
  ]);
  expect(await ask(handler, "/livez?exclude=etcd")).toEqual([200, "ok"]);
  expect(await ask(handler, "/livez/etcd")).toEqual([500, "internal server error: etcd is broken\n"]);
  expect(handler.outcomes.find(({ name, endpoint }) => name === "etcd" && endpoint === "readyz")).toEqual({
    name: "etcd",
    endpoint: "readyz",
    isHealthy: false,
    successes: 0,
    errors: 1,
  });
});
