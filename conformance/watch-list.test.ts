/** What lists and watches promise about versions: the combinations of parameters, chunks, bookmarks, slow readers, restarts. */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type RawWatch, type ServerUnderTest } from "./src/api.ts";
import { Coracle, eventually } from "./src/coracle.ts";

let server: ServerUnderTest;
let api: RawApi;
/** Revisions right after each of the three objects was made. */
const versions: string[] = [];
const namespace = "watch-list";
const path = `/api/v1/namespaces/${namespace}/configmaps`;
const mine = "labelSelector=mine%3Dyes";

interface Listed {
  readonly message?: string;
  readonly reason?: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

beforeAll(async () => {
  server = serverUnderTest("watch-list");
  api = new RawApi(server.kubeconfig);
  await create("/api/v1/namespaces", { kind: "Namespace", metadata: { name: namespace } });
  // Its own objects come first, so that nothing else writes here later.
  await eventually(async () => expect((await api.json("GET", `${path}/kube-root-ca.crt`)).code).toBe(200));
  for (const name of ["a", "b", "c"]) versions.push(await create(path, configMap(name)));
});
afterAll(() => server[Symbol.dispose]());

function configMap(name: string, data: Record<string, string> = {}, labels: Record<string, string> = { mine: "yes" }): object {
  return { kind: "ConfigMap", metadata: { name, labels }, data };
}

async function create(where: string, object: object): Promise<string> {
  const { code, value } = await api.json<Listed>("POST", where, { apiVersion: "v1", ...object });
  expect([code, value.message]).toEqual([201, undefined]);
  return value.metadata.resourceVersion;
}

async function list(query: string, code = 200): Promise<Listed> {
  const answer = await api.json<Listed>("GET", `${path}?${mine}&${query}`);
  expect([query, answer.code, answer.value.message]).toEqual([query, code, code === 200 ? undefined : answer.value.message]);
  return answer.value;
}

const namesOf = ({ items }: Listed): string[] => items.map(({ metadata }) => metadata.name);
const told = (watch: RawWatch): string[] => watch.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ""}`.trim());
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
const invalid = 'ListOptions.meta.k8s.io "" is invalid: ';
const forbidden = `${invalid}resourceVersionMatch: Forbidden:`;

describe("parameters that mean nothing together", () => {
  it.each([
    ["resourceVersionMatch=Exact", 422, `${forbidden} resourceVersionMatch is forbidden unless resourceVersion is provided`],
    ["resourceVersionMatch=Exact&resourceVersion=0", 422, `${forbidden} resourceVersionMatch "exact" is forbidden for resourceVersion "0"`],
    [
      "resourceVersionMatch=Exact&resourceVersion=1&continue=x",
      422,
      `${forbidden} resourceVersionMatch is forbidden when continue is provided`,
    ],
    [
      "resourceVersionMatch=Nope&resourceVersion=1",
      422,
      `${invalid}resourceVersionMatch: Unsupported value: "Nope": supported values: "Exact", "NotOlderThan", ""`,
    ],
    ["sendInitialEvents=true", 422, `${invalid}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`],
    [
      "resourceVersion=abc",
      400,
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ["continue=a*b", 400, "invalid continue token: continue key is not valid: illegal base64 data at input byte 1"],
    ["continue=e30", 400, "invalid continue token: continue key is not valid: server does not recognize this encoded version "],
    ["watch=true&sendInitialEvents=true", 422, `${forbidden} sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`],
    [
      "watch=true&resourceVersionMatch=NotOlderThan",
      422,
      `${forbidden} resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
    ],
    [
      "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x",
      422,
      `${forbidden} resourceVersionMatch is forbidden when continue is provided`,
    ],
  ])("?%s", async (query, code, message) => {
    const value = await list(query, code);
    expect(value).toMatchObject({ message, reason: code === 400 ? "BadRequest" : "Invalid" });
  });
});

describe("lists", () => {
  it("are of the newest state, of any, of one, or not older than one", async () => {
    const [a = "", b = ""] = versions;
    for (const query of ["", "resourceVersion=0", `resourceVersion=${a}`, `resourceVersion=${a}&resourceVersionMatch=NotOlderThan`])
      expect(namesOf(await list(query))).toEqual(["a", "b", "c"]);
    const exact = await list(`resourceVersion=${b}&resourceVersionMatch=Exact`);
    expect([namesOf(exact), exact.metadata.resourceVersion]).toEqual([["a", "b"], b]);
    // With a limit, and without a word about it, a version means that very one.
    expect(namesOf(await list(`resourceVersion=${b}&limit=5`))).toEqual(["a", "b"]);
    expect(namesOf(await list(`resourceVersion=${b}&limit=5&resourceVersionMatch=NotOlderThan`))).toEqual(["a", "b", "c"]);
    // Of any state there are no chunks.
    expect(await list("resourceVersion=0&limit=1")).toMatchObject({ items: [{}, {}, {}] });
  });

  it("of a version to come wait a while, and then are too early", async () => {
    const asked = performance.now();
    const refused = await list("resourceVersion=999999999&resourceVersionMatch=NotOlderThan", 504);
    expect(performance.now() - asked).toBeGreaterThan(2500);
    expect(refused).toMatchObject({
      reason: "Timeout",
      message: expect.stringMatching(/^Timeout: Too large resource version: 999999999, current: \d+$/) as string,
      details: { retryAfterSeconds: 1, causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }] },
    });
    expect(await list("resourceVersion=999999999&resourceVersionMatch=Exact", 504)).toMatchObject({ reason: "Timeout" });
  });

  it("in chunks show one state, with what is left where it is known", async () => {
    const plain = async (query: string): Promise<Listed> => (await api.json<Listed>("GET", `${path}?${query}`)).value;
    const first = await plain("limit=2");
    expect(first.metadata.remainingItemCount).toBe(2);
    const next = `limit=2&continue=${first.metadata.continue}`;
    await create(path, configMap("bb", {}, {}));
    const second = await plain(next);
    expect([...namesOf(first), ...namesOf(second)]).toEqual(["a", "b", "c", "kube-root-ca.crt"]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(second.metadata).not.toHaveProperty("continue");
    expect(second.metadata).not.toHaveProperty("remainingItemCount");
    expect((await list("limit=1")).metadata).not.toHaveProperty("remainingItemCount");
    const refused = await api.json<Listed>("GET", `${path}?${next}&resourceVersion=${versions[0]}`);
    expect([refused.code, refused.value.message]).toEqual([400, "specifying resource version is not allowed when using continue"]);
  });
});

describe("watches", () => {
  const initial = ["ADDED a", "ADDED b", "ADDED c"];
  const bookmark = { "k8s.io/initial-events-end": "true" };

  it.each(["", "resourceVersion=0"])("begin with what is there: ?%s", async (query) => {
    using watch = await api.watch(`${path}?${mine}&${query}`);
    using marked = await api.watch(`${path}?${mine}&${query}&allowWatchBookmarks=true`);
    await eventually(() => expect(told(marked)).toEqual([...initial, "BOOKMARK"]), 5000, 20);
    expect(marked.events.at(-1)?.object.metadata.annotations).toEqual(bookmark);
    expect(told(watch)).toEqual(initial);
  });

  it("with initial events say where these end, at a version from which one can go on", async () => {
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    using watch = await api.watch(`${path}?${mine}&${query}`);
    await eventually(() => expect(told(watch)).toEqual([...initial, "BOOKMARK"]), 5000, 20);
    const mark = watch.events.at(-1)?.object;
    expect(mark).toMatchObject({ kind: "ConfigMap", metadata: { annotations: bookmark } });
    using resumed = await api.watch(`${path}?${mine}&resourceVersion=${mark?.metadata.resourceVersion}`);
    await api.json("PATCH", `${path}/a`, { data: { changed: "yes" } }, "application/merge-patch+json");
    await eventually(() => expect([told(resumed), told(watch).slice(4)]).toEqual([["MODIFIED a"], ["MODIFIED a"]]), 5000, 20);
  });

  it("without initial events tell only what comes", async () => {
    using watch = await api.watch(`${path}?${mine}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`);
    await quiet();
    expect(told(watch)).toEqual([]);
    await create(path, configMap("d"));
    await eventually(() => expect(told(watch)).toEqual(["ADDED d"]), 5000, 20);
    await api.json("DELETE", `${path}/d`);
  });

  it("of a version to come begin, and end with an error", async () => {
    using watch = await api.watch(`${path}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999999`);
    expect(watch.code).toBe(200);
    await eventually(() => expect(watch.isEnded()).toBe(true), 10_000, 50);
    expect(watch.events).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 504, reason: "Timeout" } }]);
  });

  it("follow what comes into a selection and leaves it, with the version of the change", async () => {
    using watch = await api.watch(`${path}?labelSelector=chosen%3Dyes`);
    await create(path, configMap("moving", {}, {}));
    const label = async (value: string | null): Promise<string> => {
      const patch = { metadata: { labels: { chosen: value } } };
      return (await api.json<Listed>("PATCH", `${path}/moving`, patch, "application/merge-patch+json")).value.metadata.resourceVersion;
    };
    const joined = await label("yes");
    const left = await label(null);
    const seen = (): string[] => watch.events.map(({ type, object }) => `${type}@${object.metadata.resourceVersion}`);
    await eventually(() => expect(seen()).toEqual([`ADDED@${joined}`, `DELETED@${left}`]), 5000, 20);
    expect(watch.events[1]?.object).toMatchObject({ metadata: { labels: { chosen: "yes" } } });
    await api.json("DELETE", `${path}/moving`);
  });

  it("end when their time is up", async () => {
    using watch = await api.watch(`${path}?timeoutSeconds=1`);
    await eventually(() => expect(watch.isEnded()).toBe(true), 5000, 50);
    expect(watch.events.some(({ type }) => type === "ERROR")).toBe(false);
  });

  it("whose readers do not read are cut off, and harm nobody", async () => {
    let isOver = false;
    let bytes = 0;
    const over = (): void => void (isOver = true);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const query = "watch=true&fieldSelector=metadata.name%3Dlarge";
      request({ ...api.options, method: "GET", path: `${path}?${query}`, agent: false }, resolve)
        .on("error", reject)
        .end();
    });
    response.on("error", over).on("close", over);
    const largeBytes = 900_000;
    const changes = 60;
    await create(path, configMap("large", { text: "x".repeat(largeBytes) }));
    for (let count = 0; count < changes; count++) {
      const { code } = await api.json("PATCH", `${path}/large`, { data: { count: String(count) } }, "application/merge-patch+json");
      expect(code).toBe(200);
    }
    response.on("data", (piece: Buffer) => void (bytes += piece.length));
    await eventually(() => expect(isOver).toBe(true), 20_000);
    expect(bytes).toBeLessThan(changes * largeBytes);
    expect((await api.call("GET", "/readyz")).body.toString()).toBe("ok");
  });
});

it("a restart forgets nothing, and tells watchers of before to begin again", async () => {
  using coracle = new Coracle();
  const args = ["--runtime", "simulated", "--port", "0"];
  const before = new RawApi(coracle.up("restarted", ...args).kubeconfig);
  const maps = "/api/v1/namespaces/default/configmaps";
  const older = await before.json<Listed>("POST", maps, { apiVersion: "v1", ...configMap("older", {}, {}) });
  const made = await before.json<Listed>("POST", maps, { apiVersion: "v1", ...configMap("kept") });
  expect(coracle.run("down", "--name", "restarted").code).toBe(0);
  const after = new RawApi(coracle.up("restarted", ...args).kubeconfig);
  const listed = (await after.json<Listed>("GET", `${maps}?${mine}`)).value;
  expect(listed).toMatchObject({ items: [{ metadata: made.value.metadata }] });
  expect(Number(listed.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(made.value.metadata.resourceVersion));
  using old = await after.watch(`${maps}?resourceVersion=${older.value.metadata.resourceVersion}`);
  await eventually(() => expect(old.isEnded()).toBe(true), 5000, 20);
  expect(old.code).toBe(200);
  const message = expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/) as string;
  expect(old.events).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message } }]);
  using next = await after.watch(`${maps}?${mine}&resourceVersion=${listed.metadata.resourceVersion}`);
  await after.json("PATCH", `${maps}/kept`, { data: { a: "b" } }, "application/merge-patch+json");
  await eventually(() => expect(told(next)).toEqual(["MODIFIED kept"]), 5000, 20);
});
