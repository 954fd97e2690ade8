import { expect, it } from "vitest";
import type { Pod, Toleration } from "@coracle/api";
import { podTolerationRestriction } from "./pod-toleration-restriction.ts";
import { covers, mergeTolerations } from "./tolerations.ts";
import { startToyCluster } from "./toy-cluster.ts";

const annotate = (annotations: object): object => ({ metadata: { annotations } });
const exists = (key: string, more: object = {}): Toleration => ({ key, operator: "Exists", ...more });

it("pods get the tolerations of their namespace, and only those that it allows", async () => {
  const cluster = await startToyCluster([podTolerationRestriction]);
  const create = async (name: string, spec: object): Promise<readonly Toleration[] | undefined> => {
    const pod = { metadata: { name }, spec: { containers: [{ name: "c", image: "i" }], ...spec } };
    return ((await cluster.create("Pod", pod)) as unknown as Pod).spec?.tolerations;
  };
  expect(await create("a", {})).toBeUndefined();
  await cluster.patch(
    "Namespace",
    "ns",
    annotate({
      "scheduler.alpha.kubernetes.io/defaultTolerations": JSON.stringify([exists("gold")]),
      "scheduler.alpha.kubernetes.io/tolerationsWhitelist": JSON.stringify([exists("gold"), exists("silver")]),
    }),
  );
  expect(await create("b", { tolerations: [{ key: "gold", operator: "Equal", value: "x" }] })).toEqual([exists("gold")]);
  await expect(create("c", { tolerations: [exists("lead")] })).rejects.toThrow(
    "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist",
  );
  await cluster.patch("Namespace", "ns", annotate({ "scheduler.alpha.kubernetes.io/tolerationsWhitelist": null }));
  const requests = [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }];
  expect(await create("d", { containers: requests })).toEqual([
    exists("gold"),
    exists("node.kubernetes.io/memory-pressure", { effect: "NoSchedule" }),
  ]);
});

it("tolerations cover one another by key, effect, value and time", () => {
  expect(covers({ operator: "Exists" }, exists("a"))).toBe(true);
  expect(covers(exists("a", { effect: "NoSchedule" }), exists("a"))).toBe(false);
  expect(covers(exists("a", { effect: "NoExecute", tolerationSeconds: 5 }), exists("a", { effect: "NoExecute" }))).toBe(false);
  expect(covers({ key: "a", value: "1" }, { key: "a", operator: "Equal", value: "1" })).toBe(true);
  expect(covers({ key: "a", value: "1" }, { key: "a", operator: "Equal", value: "2" })).toBe(false);
  expect(mergeTolerations([exists("a"), exists("a", { effect: "NoSchedule" })], [exists("b"), exists("a")])).toEqual([
    exists("a"),
    exists("b"),
  ]);
});
