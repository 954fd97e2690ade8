import { describe, expect, it } from "vitest";
import type { KubeObject, OwnerReference, ResourceType } from "@coracle/apimachinery";
import { blocks, OwnerGraph, refersTo } from "./graph.ts";

const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };
const owner = (uid: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: "v1",
  kind: "Pod",
  name: uid,
  uid,
  ...more,
});
const object = (uid: string, owners: OwnerReference[] = [], more: Partial<KubeObject["metadata"]> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: uid, namespace: "d", uid, ...(owners.length > 0 && { ownerReferences: owners }), ...more },
});
const uids = (nodes: readonly { uid: string }[]): string[] => nodes.map((node) => node.uid).sort();

describe("OwnerGraph", () => {
  it("knows dependents whichever is seen first", () => {
    const graph = new OwnerGraph();
    expect(uids(graph.set(pods, object("child", [owner("parent")])))).toEqual(["child"]);
    graph.set(pods, object("parent"));
    expect(uids([...(graph.get("parent")?.dependents ?? [])])).toEqual(["child"]);
    graph.set(pods, object("second", [owner("parent")]));
    expect(uids([...(graph.get("parent")?.dependents ?? [])])).toEqual(["child", "second"]);
  });

  it("looks at the dependents of what is gone", () => {
    const graph = new OwnerGraph();
    graph.set(pods, object("parent"));
    graph.set(pods, object("child", [owner("parent")]));
    expect(uids(graph.delete("parent"))).toEqual(["child"]);
    expect(graph.delete("parent")).toEqual([]);
    graph.delete("child");
    expect(graph.size).toBe(0);
  });

  it("wakes an owner that waits in the foreground when a dependent goes or lets it go", () => {
    const graph = new OwnerGraph();
    const waiting = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["foregroundDeletion"] };
    graph.set(pods, object("child", [owner("parent", { blockOwnerDeletion: true })]));
    expect(uids(graph.set(pods, object("parent", [], waiting)))).toEqual(["child", "parent"]);
    const [child, parent] = [graph.get("child"), graph.get("parent")];
    if (child === undefined || parent === undefined) throw new Error("lost");
    expect(blocks(child, parent)).toBe(true);
    expect(uids(graph.set(pods, object("child", [owner("parent", { blockOwnerDeletion: false })])))).toContain("parent");
    expect(blocks(child, parent)).toBe(false);
    expect(uids(graph.delete("child"))).toEqual(["parent"]);
  });

  it("takes no object of another namespace or kind for an owner", () => {
    const graph = new OwnerGraph();
    graph.set(pods, object("parent", [], { namespace: "elsewhere" }));
    graph.set(pods, object("child", [owner("parent")]));
    const [child, parent] = [graph.get("child"), graph.get("parent")];
    if (child === undefined || parent === undefined) throw new Error("lost");
    expect(refersTo(owner("parent"), child, parent)).toBe(false);
    expect(refersTo(owner("parent", { kind: "Node" }), child, parent)).toBe(false);
  });
});
