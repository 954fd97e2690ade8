import { expect, test } from "vitest";
import { startToyCluster, type ToyCluster } from "../toy-cluster.ts";
import { createPodSecurity, type PodSecurityOptions } from "./pod-security.ts";

const prefix = "pod-security.kubernetes.io/";

async function start(labels: Record<string, string> = {}, options?: PodSecurityOptions): Promise<ToyCluster> {
  const cluster = await startToyCluster([createPodSecurity(options)]);
  if (Object.keys(labels).length > 0) await label(cluster, labels);
  cluster.takeWarnings();
  return cluster;
}

async function label(cluster: ToyCluster, labels: Record<string, string>): Promise<void> {
  const full = Object.fromEntries(Object.entries(labels).map(([name, value]) => [prefix + name, value]));
  await cluster.patch("Namespace", "ns", { metadata: { labels: full } });
}

const spec = (securityContext = {}, more = {}) => ({ containers: [{ name: "c", image: "i", securityContext }], ...more });
const pod = (name: string, securityContext = {}, more = {}) => ({ metadata: { name }, spec: spec(securityContext, more) });
const privileged = { privileged: true };
const refusal = 'privileged (container "c" must not set securityContext.privileged=true)';

test("a pod that breaks the enforced level is refused", async () => {
  const cluster = await start({ enforce: "restricted" });
  await expect(cluster.create("Pod", pod("x"))).rejects.toMatchObject({
    code: 403,
    message:
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    status: { reason: "Forbidden", details: { name: "x", kind: "pods" } },
  });
  expect(cluster.takeWarnings()).toEqual([]);
});

test("everybody passes where nothing is chosen, which the audit log says", async () => {
  const cluster = await start();
  await cluster.create("Pod", pod("x", privileged));
  expect(cluster.annotations).toEqual({ [`${prefix}enforce-policy`]: "privileged:latest" });
});

test("warnings and audit annotations say what would be refused", async () => {
  const cluster = await start({ warn: "baseline", "warn-version": "v1.30", audit: "baseline" });
  await cluster.create("Pod", pod("x", privileged));
  expect(cluster.takeWarnings()).toEqual([`would violate PodSecurity "baseline:v1.30": ${refusal}`]);
  expect(cluster.annotations).toEqual({
    [`${prefix}audit-violations`]: `would violate PodSecurity "baseline:latest": ${refusal}`,
    [`${prefix}enforce-policy`]: "privileged:latest",
  });
});

const template = { metadata: { labels: { a: "b" } }, spec: spec(privileged) };
const selector = { matchLabels: { a: "b" } };
test.each([
  ["ReplicationController", { spec: { selector: { a: "b" }, template } }],
  ["PodTemplate", { template }],
  ["ReplicaSet", { spec: { selector, template } }],
  ["Deployment", { spec: { selector, template } }],
  ["StatefulSet", { spec: { selector, serviceName: "s", template } }],
  ["DaemonSet", { spec: { selector, template } }],
  ["Job", { spec: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } }],
  [
    "CronJob",
    {
      spec: {
        schedule: "* * * * *",
        jobTemplate: { spec: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } },
      },
    },
  ],
])("a %s is warned of, not refused, and an enforced level is enough for that", async (kind, body) => {
  const cluster = await start({ enforce: "baseline" });
  const made = await cluster.create(kind, { metadata: { name: "x" }, ...body });
  expect(cluster.takeWarnings()).toEqual([`would violate PodSecurity "baseline:latest": ${refusal}`]);
  await cluster.update(kind, made, kind === "PodTemplate" ? {} : { subresource: "status" });
  expect(cluster.takeWarnings()).toHaveLength(kind === "PodTemplate" ? 1 : 0);
});

test("an update is checked when images or containers change", async () => {
  const cluster = await start();
  await cluster.create("Pod", pod("x", privileged));
  await label(cluster, { enforce: "baseline" });
  await cluster.patch("Pod", "x", { metadata: { labels: { a: "b" } } });
  const image = cluster.patch("Pod", "x", { spec: { containers: [{ name: "c", image: "j", securityContext: privileged }] } });
  await expect(image).rejects.toThrow(`pods "x" is forbidden: violates PodSecurity "baseline:latest": ${refusal}`);
  await cluster.patch("Pod", "x", { status: { phase: "Running" } }, { subresource: "status" });
});

test("a namespace's labels have to be right where they change", async () => {
  const cluster = await start();
  const wrong = { [`${prefix}enforce`]: "strict" };
  const message =
    'Namespace "bad" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted';
  await expect(cluster.create("Namespace", { metadata: { name: "bad", labels: wrong } })).rejects.toThrow(message);
  await expect(cluster.patch("Namespace", "ns", { metadata: { labels: wrong } })).rejects.toThrow('Namespace "ns" is invalid');
});

test("a stricter level warns of pods that are there", async () => {
  const cluster = await start();
  for (const name of ["b", "a", "c"]) await cluster.create("Pod", pod(name, privileged));
  await cluster.create("Pod", pod("net", {}, { hostNetwork: true }));
  await label(cluster, { enforce: "baseline" });
  expect(cluster.takeWarnings()).toEqual([
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    "a (and 2 other pods): privileged",
    "net: host namespaces",
  ]);
  await label(cluster, { enforce: "privileged" });
  await label(cluster, { warn: "restricted" });
  expect(cluster.takeWarnings()).toEqual([]);
});

test("exempt users, namespaces and runtime classes pass", async () => {
  const user = { name: "admin", groups: [] };
  const cluster = await start({ enforce: "baseline" }, { exemptions: { usernames: ["admin"], runtimeClasses: ["kata"] } });
  await cluster.create("Pod", pod("x", privileged), { user });
  expect(cluster.annotations).toEqual({ [`${prefix}exempt`]: "user" });
  await cluster.create("Pod", pod("y", privileged, { runtimeClassName: "kata" }));
  await expect(cluster.create("Pod", pod("z", privileged))).rejects.toThrow("violates PodSecurity");
  const exempt = await start({}, { exemptions: { namespaces: ["ns"] } });
  await label(exempt, { enforce: "restricted", audit: "baseline", "audit-version": "v1.20" });
  expect(exempt.takeWarnings()).toEqual([
    'namespace "ns" is exempt from Pod Security, and the policy (enforce=restricted:latest, audit=baseline:v1.20) will be ignored',
  ]);
  await exempt.create("Pod", pod("x", privileged));
  expect(exempt.annotations).toEqual({ [`${prefix}exempt`]: "namespace" });
});

test("the cluster's defaults hold where labels say nothing", async () => {
  const defaults = {
    enforce: { level: "baseline", version: 25 },
    audit: { level: "privileged", version: "latest" },
    warn: { level: "privileged", version: "latest" },
  } as const;
  const cluster = await start({}, { defaults });
  await expect(cluster.create("Pod", pod("x", privileged))).rejects.toThrow(`violates PodSecurity "baseline:v1.25": ${refusal}`);
});
