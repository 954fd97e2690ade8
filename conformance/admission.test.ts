/**
 * What the admission plug-ins fill in and refuse, in kubectl's words: Pod Security, LimitRanges, ResourceQuotas, priorities, runtime classes, and
 * the choice of plug-ins on the command line.
 */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi } from "./src/api.ts";
import { Coracle, eventually, findKubectls, Kubectl, type Cluster } from "./src/coracle.ts";

const coracle = new Coracle();
let cluster: Cluster;
let kubectl: Kubectl;

function connect(to: Cluster): Kubectl {
  const binary = findKubectls().at(-1);
  if (binary === undefined) throw new Error("no kubectl on this machine: install one (Debian: kubernetes-client)");
  return new Kubectl(binary, to.kubeconfig);
}

beforeAll(() => {
  cluster = coracle.up("admission", "--ephemeral", "--runtime", "simulated", "--port", "0");
  kubectl = connect(cluster);
});
afterAll(() => coracle[Symbol.dispose]());

function namespace(name: string, labels: Record<string, string> = {}): void {
  const full = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]));
  create({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: full } });
}

function create(object: object): string {
  return kubectl.pipe(JSON.stringify(object), "create", "-f", "-");
}

/** What kubectl says when the object is refused. */
function refusal(object: object): string {
  const output = kubectl.try(["create", "-f", "-"], { input: JSON.stringify(object) });
  expect(output.code).toBe(1);
  return output.stderr.trim();
}

interface PodOptions {
  readonly container?: object;
  readonly spec?: object;
}

function pod(space: string, name: string, { container = {}, spec = {} }: PodOptions = {}): object {
  const containers = [{ name: "c", image: "registry.example/app:1", ...container }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: space }, spec: { containers, ...spec } };
}

function deployment(space: string, name: string, replicas: number, container: object = {}): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "registry.example/app:1", ...container }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: space },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

const restrictedViolations =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

describe("Pod Security", () => {
  beforeAll(() => namespace("psa", { enforce: "restricted" }));

  it("refuses pods that break the enforced level", () => {
    expect(refusal(pod("psa", "p"))).toBe(
      `Error from server (Forbidden): error when creating "STDIN": pods "p" is forbidden: violates PodSecurity "restricted:latest": ${restrictedViolations}`,
    );
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    };
    expect(create(pod("psa", "p", { container: { securityContext } }))).toBe("pod/p created\n");
  });

  it("warns of workloads, whose pods do not come", async () => {
    const output = kubectl.try(["create", "-f", "-"], { input: JSON.stringify(deployment("psa", "d", 1)) });
    expect(output).toMatchObject({ code: 0, stdout: "deployment.apps/d created\n" });
    expect(output.stderr.trim()).toBe(`Warning: would violate PodSecurity "restricted:latest": ${restrictedViolations}`);
    await eventually(() => {
      const events = kubectl.run(
        "-n",
        "psa",
        "get",
        "events",
        "--field-selector",
        "reason=FailedCreate",
        "-o",
        "jsonpath={.items[*].message}",
      );
      expect(events).toMatch(/Error creating: pods "d-[a-z0-9]+-[a-z0-9]+" is forbidden: violates PodSecurity "restricted:latest": /);
    });
  });

  it("warns of pods that are there when a namespace becomes stricter", () => {
    namespace("psa-later");
    for (const name of ["b", "a"]) create(pod("psa-later", name, { container: { securityContext: { privileged: true } } }));
    const output = kubectl.try(["label", "namespace", "psa-later", "pod-security.kubernetes.io/enforce=baseline"]);
    expect(output.code).toBe(0);
    expect(output.stderr.trim().split("\n")).toEqual([
      'Warning: existing pods in namespace "psa-later" violate the new PodSecurity enforce level "baseline:latest"',
      "Warning: a (and 1 other pod): privileged",
    ]);
    const wrong = kubectl.try(["label", "namespace", "psa-later", "pod-security.kubernetes.io/warn=loose"]);
    expect(wrong.stderr.trim()).toBe(
      'The Namespace "psa-later" is invalid: metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "loose": must be one of privileged, baseline, restricted',
    );
  });
});

describe("LimitRanges", () => {
  beforeAll(() => {
    namespace("limits");
    const limits = [
      { type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" }, max: { cpu: "1" } },
      { type: "PersistentVolumeClaim", max: { storage: "1Gi" } },
    ];
    create({ apiVersion: "v1", kind: "LimitRange", metadata: { name: "l", namespace: "limits" }, spec: { limits } });
  });

  it("fill in what containers leave out", () => {
    create(pod("limits", "p"));
    expect(kubectl.run("-n", "limits", "get", "pod", "p", "-o", "jsonpath={.spec.containers[0].resources}")).toBe(
      '{"limits":{"cpu":"500m"},"requests":{"cpu":"100m"}}',
    );
    expect(
      kubectl.run("-n", "limits", "get", "pod", "p", "-o", String.raw`jsonpath={.metadata.annotations.kubernetes\.io/limit-ranger}`),
    ).toBe("LimitRanger plugin set: cpu request for container c; cpu limit for container c");
  });

  it("refuse what is too much", () => {
    expect(refusal(pod("limits", "q", { container: { resources: { limits: { cpu: "2" } } } }))).toBe(
      'Error from server (Forbidden): error when creating "STDIN": pods "q" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    );
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } } };
    expect(refusal({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "v", namespace: "limits" }, spec })).toContain(
      'persistentvolumeclaims "v" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    );
  });
});

describe("ResourceQuotas", () => {
  const inQuota = (...args: string[]): string => kubectl.run("-n", "quota", ...args);
  const used = (name: string): string =>
    inQuota("get", "resourcequota", "q", "-o", `jsonpath={.status.used.${name.replaceAll(".", String.raw`\.`)}}`);

  beforeAll(async () => {
    namespace("quota");
    inQuota("create", "quota", "q", "--hard=pods=2,configmaps=3,services.nodeports=1,count/deployments.apps=1");
    await eventually(() => expect(used("pods")).toBe("0"));
  });

  it("are counted as soon as they are made", () => {
    // The namespace has a config map of its own.
    expect(used("configmaps")).toBe("1");
    expect(inQuota("describe", "quota", "q")).toMatch(/pods\s+0\s+2/);
  });

  it("refuse what exceeds them, and give back what goes", async () => {
    create(pod("quota", "a"));
    create(pod("quota", "b"));
    expect(refusal(pod("quota", "c"))).toBe(
      'Error from server (Forbidden): error when creating "STDIN": pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
    );
    inQuota("delete", "pod", "a", "--now");
    await eventually(() => expect(used("pods")).toBe("1"));
    expect(create(pod("quota", "c"))).toBe("pod/c created\n");
  });

  it("count objects of any kind", () => {
    create(deployment("quota", "d", 0));
    expect(refusal(deployment("quota", "e", 0))).toContain(
      'deployments.apps "e" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1',
    );
    expect(kubectl.try(["-n", "quota", "create", "service", "nodeport", "s", "--tcp=80", "--tcp=81"]).stderr).toContain(
      'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
    );
  });

  it("demand that containers say what is limited", async () => {
    namespace("compute");
    kubectl.run("-n", "compute", "create", "quota", "c", "--hard=limits.cpu=1,requests.memory=1Gi");
    await eventually(() => expect(kubectl.run("-n", "compute", "get", "quota", "c", "-o", "jsonpath={.status.used}")).not.toBe(""));
    expect(refusal(pod("compute", "p"))).toContain(
      'pods "p" is forbidden: failed quota: c: must specify limits.cpu for: c; requests.memory for: c',
    );
    // A ReplicaSet gets as many pods as fit.
    create(deployment("compute", "d", 3, { resources: { limits: { cpu: "400m", memory: "1Mi" } } }));
    await eventually(() => {
      expect(kubectl.run("-n", "compute", "get", "pods", "-o", "name").trim().split("\n")).toHaveLength(2);
      expect(kubectl.run("-n", "compute", "get", "quota", "c", "-o", String.raw`jsonpath={.status.used.limits\.cpu}`)).toBe("800m");
    });
  });

  it("count custom resources once there are some", async () => {
    const names = { kind: "Boat", plural: "boats", singular: "boat", listKind: "BoatList" };
    const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object" } } } };
    const versions = [{ name: "v1", served: true, storage: true, schema }];
    const spec = { group: "example.com", names, scope: "Namespaced", versions };
    create({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "boats.example.com" }, spec });
    kubectl.run("wait", "--for=condition=Established", "crd/boats.example.com", "--timeout=30s");
    namespace("boats");
    kubectl.run("-n", "boats", "create", "quota", "b", "--hard=count/boats.example.com=1");
    await eventually(() => expect(kubectl.run("-n", "boats", "get", "quota", "b", "-o", "jsonpath={.status.used}")).toContain('"0"'));
    const boat = (name: string): object => ({ apiVersion: "example.com/v1", kind: "Boat", metadata: { name, namespace: "boats" } });
    create(boat("one"));
    expect(refusal(boat("two"))).toContain(
      'boats.example.com "two" is forbidden: exceeded quota: b, requested: count/boats.example.com=1, used: count/boats.example.com=1, limited: count/boats.example.com=1',
    );
    kubectl.run("-n", "boats", "delete", "boat", "one");
    await eventually(() => expect(create(boat("two"))).toBe("boat.example.com/two created\n"));
  });
});

describe("many at once", () => {
  it("never get more than the quota, and what was refused elsewhere is not counted", async () => {
    const api = new RawApi(cluster.kubeconfig);
    namespace("crowd");
    kubectl.run("-n", "crowd", "create", "quota", "q", "--hard=secrets=10,count/leases.coordination.k8s.io=5");
    const used = (): string => kubectl.run("-n", "crowd", "get", "resourcequota", "q", "-o", "jsonpath={.status.used.secrets}");
    await eventually(() => expect(used()).toBe("0"));
    const attempt = async (index: number): Promise<number> => {
      const name = index % 3 === 0 ? "not a name" : `s-${index}`;
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name } };
      return (await api.json("POST", "/api/v1/namespaces/crowd/secrets", secret)).code;
    };
    const codes = await Promise.all(Array.from({ length: 60 }, (_, index) => attempt(index)));
    const counts = Object.fromEntries([201, 403, 422].map((code) => [code, codes.filter((each) => each === code).length]));
    expect(counts).toEqual({ 201: 10, 403: 30, 422: 20 });
    expect(used()).toBe("10");
    kubectl.run("-n", "crowd", "delete", "secrets", "--all");
    await eventually(() => expect(used()).toBe("0"));
  });
});

describe("service accounts", () => {
  it("give pods their token and their pull secrets", () => {
    namespace("accounts");
    const account = { metadata: { name: "a", namespace: "accounts" }, imagePullSecrets: [{ name: "pull" }], secrets: [{ name: "listed" }] };
    const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
    create({ apiVersion: "v1", kind: "ServiceAccount", ...account, metadata: { ...account.metadata, annotations } });
    create(pod("accounts", "p", { spec: { serviceAccountName: "a" } }));
    const { spec } = kubectl.json<{ spec: Record<string, unknown> }>("-n", "accounts", "get", "pod", "p");
    const name = expect.stringMatching(/^kube-api-access-[a-z0-9]{5}$/) as string;
    expect(spec).toMatchObject({
      serviceAccountName: "a",
      imagePullSecrets: [{ name: "pull" }],
      volumes: [
        { name, projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: "token" } }, {}, {}] } },
      ],
      containers: [{ volumeMounts: [{ name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }] }],
    });
    const env = [{ name: "E", valueFrom: { secretKeyRef: { name: "other", key: "k" } } }];
    expect(refusal(pod("accounts", "q", { container: { env }, spec: { serviceAccountName: "a" } }))).toContain(
      'pods "q" is forbidden: container c with envVar E referencing secret.secretName="other" is not allowed because service account a does not reference that secret',
    );
  });
});

describe("defaults by class", () => {
  it("are those of the class that is marked", () => {
    const annotations = { "ingressclass.kubernetes.io/is-default-class": "true" };
    create({
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "main", annotations },
      spec: { controller: "example.com/c" },
    });
    const backend = { service: { name: "s", port: { number: 80 } } };
    create({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "i" }, spec: { defaultBackend: backend } });
    expect(kubectl.run("get", "ingress", "i", "-o", "jsonpath={.spec.ingressClassName}")).toBe("main");
  });

  it("are kept by volume claims, which grow only where their class lets them", () => {
    create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "fixed" },
      provisioner: "example.com/p",
      volumeBindingMode: "WaitForFirstConsumer",
    });
    const spec = { accessModes: ["ReadWriteOnce"], storageClassName: "fixed", resources: { requests: { storage: "1Gi" } } };
    create({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "v" }, spec });
    expect(kubectl.run("get", "pvc", "v", "-o", "jsonpath={.metadata.finalizers}")).toBe('["kubernetes.io/pvc-protection"]');
    const grow = kubectl.try(["patch", "pvc", "v", "--type=merge", "-p", '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}']);
    expect(grow.stderr.trim()).toMatch(/persistentvolumeclaims "v" is forbidden: |spec is immutable/i);
    kubectl.run("delete", "pvc", "v", "--wait=false");
  });
});

describe("certificate signing requests", () => {
  it("cannot ask to be the masters of the cluster, nor be approved by anybody", () => {
    const request = execFileSync(
      "openssl",
      [
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        "/O=system:masters/CN=me",
      ],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const spec = { request: request.toString("base64"), signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] };
    expect(refusal({ apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", metadata: { name: "me" }, spec })).toContain(
      "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed",
    );
    const other = { ...spec, signerName: "example.com/signer" };
    create({ apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", metadata: { name: "other" }, spec: other });
    kubectl.run(
      "create",
      "clusterrole",
      "approver",
      "--verb=get,update",
      "--resource=certificatesigningrequests,certificatesigningrequests/approval",
    );
    kubectl.run("create", "clusterrolebinding", "approver", "--clusterrole=approver", "--user=approver");
    expect(kubectl.try(["certificate", "approve", "other", "--as=approver"]).stderr).toContain(
      'certificatesigningrequests.certificates.k8s.io "other" is forbidden: user not permitted to approve requests with signerName "example.com/signer"',
    );
    expect(kubectl.run("certificate", "approve", "other")).toContain("approved");
  });
});

describe("pods", () => {
  it("get their priority and their runtime class's overhead", () => {
    create({
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "urgent" },
      value: 1000,
      preemptionPolicy: "Never",
    });
    create({
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "sandbox" },
      handler: "sandbox",
      overhead: { podFixed: { cpu: "10m" } },
    });
    create(pod("default", "p", { spec: { priorityClassName: "urgent", runtimeClassName: "sandbox" } }));
    expect(kubectl.run("get", "pod", "p", "-o", "jsonpath={.spec.priority} {.spec.preemptionPolicy} {.spec.overhead.cpu}")).toBe(
      "1000 Never 10m",
    );
    expect(refusal(pod("default", "q", { spec: { priorityClassName: "none" } }))).toContain(
      'pods "q" is forbidden: no PriorityClass with name none was found',
    );
    expect(refusal(pod("default", "q", { spec: { runtimeClassName: "none" } }))).toContain(
      'pods "q" is forbidden: pod rejected: RuntimeClass "none" not found',
    );
    expect(refusal(pod("default", "q", { spec: { serviceAccountName: "none" } }))).toContain(
      'pods "q" is forbidden: error looking up service account default/none: serviceaccount "none" not found',
    );
  });

  it("know the zone of their node", async () => {
    const node = kubectl.run("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
    kubectl.run("label", "node", node, "topology.kubernetes.io/zone=z1");
    create(pod("default", "zoned"));
    const zone = String.raw`jsonpath={.metadata.labels.topology\.kubernetes\.io/zone}`;
    await eventually(() => expect(kubectl.run("get", "pod", "zoned", "-o", zone)).toBe("z1"));
  });

  it("run with a token, on nodes that are kept to themselves", () => {
    expect(kubectl.run("wait", "--for=condition=Ready", "pod/zoned", "--timeout=60s")).toMatch(/condition met/);
    const node = kubectl.run("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
    const asNode = (...args: string[]): string => {
      const output = kubectl.try([`--as=system:node:${node}`, "--as-group=system:nodes", ...args]);
      return output.code === 0 ? output.stdout : output.stderr.trim();
    };
    expect(asNode("label", "node", node, "node-restriction.kubernetes.io/tenant=a")).toBe(
      `Error from server (Forbidden): nodes "${node}" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/tenant`,
    );
    expect(asNode("taint", "node", node, "dedicated=x:NoSchedule")).toContain(`node "${node}" is not allowed to modify taints`);
  });
});

describe("the choice of plug-ins", () => {
  it("is made on the command line", () => {
    const chosen = connect(
      coracle.up(
        "chosen",
        "--ephemeral",
        "--runtime",
        "simulated",
        "--port",
        "0",
        "--enable-admission-plugins",
        "AlwaysPullImages",
        "--disable-admission-plugins=PodSecurity,Priority",
      ),
    );
    chosen.run("label", "namespace", "default", "pod-security.kubernetes.io/enforce=restricted");
    chosen.pipe(JSON.stringify(pod("default", "p", { container: { imagePullPolicy: "Never" } })), "create", "-f", "-");
    expect(chosen.run("get", "pod", "p", "-o", "jsonpath={.spec.containers[0].imagePullPolicy} {.spec.priority}")).toBe("Always ");
  });

  it("has to name plug-ins that there are", () => {
    const { code, stderr } = coracle.run("up", "--name", "wrong", "--ephemeral", "--detach", "--enable-admission-plugins", "Nothing");
    expect(code).toBe(1);
    expect(stderr).toContain('enable-admission-plugins plugin "Nothing" is unknown');
  });
});
