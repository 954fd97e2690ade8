import type { ReplicaSet } from "@coracle/api";
import { describe, expect, it } from "vitest";
import { byRevision, nextRevision, revisionAnnotation, revisionHistoryAnnotation, setAnnotations } from "./revision.ts";

const set = (revision: string): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: `r${revision}`, annotations: { [revisionAnnotation]: revision } },
});
const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } } as const;

describe("revisions", () => {
  it("are counted exactly, beyond what a number holds", () => {
    expect(nextRevision([set("3546343826724305832"), set("7")])).toBe(3546343826724305833n);
  });

  it("start at 1, whatever nonsense an annotation has", () => {
    expect(nextRevision([])).toBe(1n);
    expect(nextRevision([set("many"), set("-4")])).toBe(1n);
  });

  it("sort by number, not by text", () => {
    expect([set("10"), set("9"), set("2")].sort(byRevision).map(({ metadata }) => metadata.name)).toEqual(["r2", "r9", "r10"]);
  });

  it("remember which ones a set was before", () => {
    expect(setAnnotations(deployment, set("2"), 4n)).toEqual({ [revisionAnnotation]: "4", [revisionHistoryAnnotation]: "2" });
    expect(setAnnotations(deployment, set("4"), 4n)).toEqual({ [revisionAnnotation]: "4" });
  });
});
