import { expect } from "vitest";
import { RawApi, serverUnderTest, type RawWatch } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { Calls, type Thing } from "./calls.ts";

/** A server under test, and what most of its tests do. */
export class Scene extends Calls implements Disposable {
  readonly kubeconfig: string;
  readonly #server: Disposable;

  /** @param flags for `coracle up`. */
  constructor(name: string, ...flags: string[]) {
    const server = serverUnderTest(name, ...flags);
    super(new RawApi(server.kubeconfig), name);
    this.#server = server;
    this.kubeconfig = server.kubeconfig;
  }

  /** The message of what is expected to fail. */
  async expectRefusal(code: number, request: string, body?: unknown, type?: string): Promise<string> {
    return (await this.expect<{ message: string }>(code, request, body, type)).message;
  }

  merge<T = Thing>(path: string, patch: object): Promise<T> {
    return this.expect<T>(200, `PATCH ${path}`, patch, "application/merge-patch+json");
  }

  /** A watch, once the server lets one begin: those of new kinds come a little later than the kind. */
  async watch(path: string): Promise<RawWatch> {
    let watch: RawWatch | undefined;
    await eventually(async () => {
      watch?.[Symbol.dispose]();
      watch = await this.api.watch(path);
      expect(watch.code).toBe(200);
    });
    return watch as unknown as RawWatch;
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]();
  }
}
