import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clusterDirectory, DamagedRecordError, forget, homeDirectory, listClusterNames, readClusterRecord, readRunRecord } from "./home.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "coracle-home-"));
  vi.stubEnv("CORACLE_HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

describe("the home directory", () => {
  it("is where CORACLE_HOME says, unless that is empty", () => {
    expect(homeDirectory()).toBe(home);
    vi.stubEnv("CORACLE_HOME", "");
    expect(homeDirectory()).toBe(join(homedir(), ".coracle"));
  });

  it("lists clusters only", () => {
    for (const name of ["b", "a", ".hidden", "Not_A_Name"]) mkdirSync(join(home, "clusters", name), { recursive: true });
    expect(listClusterNames()).toEqual(["a", "b"]);
  });
});

describe("records", () => {
  it.each(["", "{", "null", "[]", "{}", '{"dataDirectory":"relative","isEphemeral":false}'])("that are damaged are told: %s", (text) => {
    mkdirSync(clusterDirectory("x"), { recursive: true });
    writeFileSync(join(clusterDirectory("x"), "cluster.json"), text);
    expect(() => readClusterRecord("x")).toThrow(DamagedRecordError);
    expect(() => readClusterRecord("x")).toThrow(`${join(clusterDirectory("x"), "cluster.json")} is damaged`);
  });

  it("of a run that are damaged are those of no run", () => {
    mkdirSync(clusterDirectory("x"), { recursive: true });
    writeFileSync(join(clusterDirectory("x"), "run.json"), "{");
    expect(readRunRecord("x")).toBeUndefined();
  });

  it("are forgotten with the folder, whatever is damaged", async () => {
    mkdirSync(join(clusterDirectory("x"), "cluster.json"), { recursive: true });
    mkdirSync(join(clusterDirectory("x"), "data", "store"), { recursive: true });
    await forget({ name: "x", dataDirectory: join(clusterDirectory("x"), "data"), isEphemeral: false });
    expect(readdirSync(join(home, "clusters"))).toEqual([]);
  });
});
