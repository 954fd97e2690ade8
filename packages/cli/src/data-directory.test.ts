import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDirectory, StoreLockedError } from "@coracle/cluster";
import { claimDataDirectory, removeData, type DataDirectory } from "./data-directory.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "coracle-data-"));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const claim = (path: string, options: { cluster?: string; isEphemeral?: boolean; isOwn?: boolean } = {}): Promise<DataDirectory> =>
  claimDataDirectory({ path, cluster: "a", isEphemeral: false, isOwn: false, ...options });
const fill = (path: string): void => {
  for (const folder of ["store", "pki", "nodes", "volumes"]) {
    mkdirSync(join(path, folder));
    writeFileSync(join(path, folder, "x"), "x");
  }
  writeFileSync(join(path, "kubeconfig"), "x");
};
const line = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { toLine?: () => string } | undefined)?.toLine?.() ?? String(error);
};

describe("claimDataDirectory", () => {
  it("refuses a directory with a user's files and touches none of them", async () => {
    fill(scratch);
    expect(await line(claim(scratch))).toBe(
      `coracle: ${scratch} holds files that are not Coracle's (kubeconfig); choose an empty or a new directory with --data-dir`,
    );
    expect(readdirSync(scratch).sort()).toEqual(["kubeconfig", "nodes", "pki", "store", "volumes"]);
  });

  it("removes what it made, and every directory that it made", async () => {
    const path = join(scratch, "x", "y");
    const data = await claim(path, { isEphemeral: true });
    expect(data.isNew).toBe(true);
    fill(path);
    await data.remove();
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("leaves a directory of the user's, and what the user put beside the data", async () => {
    const path = join(scratch, "empty");
    mkdirSync(path);
    const first = await claim(path);
    fill(path);
    await first.remove();
    expect(readdirSync(path)).toEqual([]);

    const made = join(scratch, "made");
    const second = await claim(made);
    fill(made);
    writeFileSync(join(made, "notes.txt"), "mine");
    await second.remove();
    expect(readdirSync(made)).toEqual(["notes.txt"]);
  });

  it("refuses an ephemeral cluster where a kept one has its data", async () => {
    const data = await claim(join(scratch, "d"));
    fill(join(scratch, "d"));
    data.release();
    expect(await line(claim(join(scratch, "d"), { cluster: "b", isEphemeral: true }))).toBe(
      `coracle: ${join(scratch, "d")} holds the data of the kept cluster "a"; choose another directory for the ephemeral one with --data-dir`,
    );
    expect(existsSync(join(scratch, "d", "store", "x"))).toBe(true);
  });

  it("takes a mark that cannot be read for a kept cluster's", async () => {
    (await claim(join(scratch, "d"))).release();
    writeFileSync(join(scratch, "d", "coracle-data.json"), "{");
    expect(await line(claim(join(scratch, "d"), { isEphemeral: true }))).toMatch(/holds the data of a kept cluster;/);
    (await claim(join(scratch, "d"))).release();
  });

  it("keeps a second process out", async () => {
    const data = await claim(join(scratch, "d"));
    await expect(claim(join(scratch, "d"), { cluster: "b" })).rejects.toThrow(StoreLockedError);
    data.release();
    (await claim(join(scratch, "d"), { cluster: "b" })).release();
  });

  it("clears what a killed ephemeral cluster left before the next one", async () => {
    const path = join(scratch, "d");
    (await claim(path, { isEphemeral: true })).release();
    fill(path);
    const next = await claim(path, { cluster: "b" });
    expect(readdirSync(path).sort()).toEqual(["coracle-data.json", "lock"]);
    expect(JSON.parse(readFileSync(join(path, "coracle-data.json"), "utf8"))).toMatchObject({ cluster: "b", isEphemeral: false });
    next.release();
  });

  it("takes over a directory of its own that has no mark", async () => {
    fill(scratch);
    const data = await claim(scratch, { isOwn: true });
    expect(data.isNew).toBe(false);
    expect(existsSync(join(scratch, "store", "x"))).toBe(true);
    data.release();
  });

  it("says when the place is a file", async () => {
    writeFileSync(join(scratch, "file"), "");
    expect(await line(claim(join(scratch, "file")))).toMatch(/is not a directory; choose another place with --data-dir$/);
  });
});

describe("removeData", () => {
  const remove = (path: string, cluster = "a"): Promise<string> => removeData({ path, cluster, isOwn: false });

  it("deletes marked data only", async () => {
    fill(scratch);
    expect(await remove(scratch)).toBe("unmarked");
    expect(readdirSync(scratch)).toHaveLength(5);
    const path = join(scratch, "d");
    (await claim(path)).release();
    fill(path);
    expect(await remove(path)).toBe("removed");
    expect(existsSync(path)).toBe(false);
    expect(await remove(path)).toBe("removed");
  });

  it("leaves what is another cluster's by now", async () => {
    (await claim(join(scratch, "d"))).release();
    (await claim(join(scratch, "d"), { cluster: "b" })).release();
    expect(await remove(join(scratch, "d"))).toBe("taken");
  });

  it("deletes nothing while a process uses it", async () => {
    const path = join(scratch, "d");
    const inUse = `coracle: data directory ${path} is in use by process ${process.pid}, nothing was deleted; stop that one first: coracle status says which it is`;
    const data = await claim(path);
    expect(await line(remove(path))).toBe(inUse);
    expect(await line(remove(path, "b"))).toBe(inUse);
    data.release();
    fill(path);
    // A cluster that another program runs, which holds the store alone.
    const store = lockDirectory(join(path, "store"));
    expect(await line(remove(path))).toBe(inUse);
    expect(existsSync(join(path, "store", "x"))).toBe(true);
    store[Symbol.dispose]();
    expect(await remove(path)).toBe("removed");
  });
});
