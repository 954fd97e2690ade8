import { describe, expect, it } from "vitest";
import type { Pod } from "@coracle/api";
import { alwaysAdmit, alwaysDeny } from "./always.ts";
import { defaultAdmissionPlugins } from "./default-plugins.ts";
import { limitPodHardAntiAffinityTopology } from "./pod-anti-affinity.ts";
import { podNodeSelector } from "./pod-node-selector.ts";
import { startToyCluster } from "./toy-cluster.ts";

function pod(spec: object): object {
  return { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }], ...spec } };
}

it("plug-ins that are off by default can be turned on, in upstream's order", () => {
  const enabled = ["AlwaysDeny", "PodNodeSelector", "LimitPodHardAntiAffinityTopology", "AlwaysAdmit"];
  const names = defaultAdmissionPlugins({ selection: { enabled } }).map(({ name }) => name);
  expect(names.filter((name) => [...enabled, "LimitRanger", "PodSecurity", "Priority", "ResourceQuota"].includes(name))).toEqual([
    "AlwaysAdmit",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "PodSecurity",
    "PodNodeSelector",
    "Priority",
    "ResourceQuota",
    "AlwaysDeny",
  ]);
  expect(defaultAdmissionPlugins().map(({ name }) => name)).not.toEqual(expect.arrayContaining(["AlwaysDeny"]));
});

it("AlwaysDeny refuses whatever comes, AlwaysAdmit nothing", async () => {
  const cluster = await startToyCluster([alwaysAdmit]);
  await cluster.create("ConfigMap", { metadata: { name: "m" } });
  // It refuses even the namespace that the test's cluster starts with.
  await expect(startToyCluster([alwaysDeny])).rejects.toThrow(
    'namespaces "ns" is forbidden: admission control is denying all modifications',
  );
});

describe("PodNodeSelector", () => {
  const annotate = (selector: string): object => ({
    metadata: { annotations: { "scheduler.alpha.kubernetes.io/node-selector": selector } },
  });

  it("adds what the namespace selects, and refuses what contradicts it", async () => {
    const cluster = await startToyCluster([podNodeSelector]);
    await cluster.patch("Namespace", "ns", annotate("disk=fast, tier=gold"));
    const created = (await cluster.create("Pod", pod({ nodeSelector: { disk: "fast", zone: "a" } }))) as unknown as Pod;
    expect(created.spec?.nodeSelector).toEqual({ disk: "fast", tier: "gold", zone: "a" });
    await expect(cluster.create("Pod", pod({ nodeSelector: { tier: "silver" } }))).rejects.toThrow(
      'pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
    );
    await cluster.patch("Namespace", "ns", annotate("nonsense"));
    await expect(cluster.create("Pod", pod({}))).rejects.toThrow("invalid selector: [nonsense]");
  });

  it("leaves pods alone where nothing is selected", async () => {
    const cluster = await startToyCluster([podNodeSelector]);
    expect(((await cluster.create("Pod", pod({}))) as unknown as Pod).spec?.nodeSelector).toBeUndefined();
  });
});

it("LimitPodHardAntiAffinityTopology refuses pods that want a zone for themselves", async () => {
  const cluster = await startToyCluster([limitPodHardAntiAffinityTopology]);
  const apart = (topologyKey: string): object => {
    const terms = [{ topologyKey, labelSelector: { matchLabels: { app: "a" } } }];
    return pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
  };
  await expect(cluster.create("Pod", apart("zone"))).rejects.toThrow(
    'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  );
  await cluster.create("Pod", apart("kubernetes.io/hostname"));
});

it("plug-ins of upstream whose feature is off may be named", () => {
  const disabled = ["PodGroupProtection", "PodGroupWorkloadExists", "JobValidation"];
  expect(defaultAdmissionPlugins({ selection: { disabled } })).toHaveLength(defaultAdmissionPlugins().length);
  expect(() => defaultAdmissionPlugins({ selection: { disabled: ["PodGroup"] } })).toThrow(
    'disable-admission-plugins plugin "PodGroup" is unknown',
  );
});
