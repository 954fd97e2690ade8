/**
 * Public kinds of manifests, applied with the oldest and the newest kubectl at hand on the simulated runtime. Everything is asserted through
 * kubectl's own words, so that the file can be pointed at another Kubernetes.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl, root, type Cluster } from "./src/coracle.ts";

const manifest = (name: string): string => join(root, "conformance/manifests", `${name}.yaml`);

const coracle = new Coracle();
let cluster: Cluster;

beforeAll(() => {
  cluster = coracle.up("workloads", "--ephemeral", "--runtime", "simulated", "--nodes", "2");
});
afterAll(() => coracle[Symbol.dispose]());

describe.each(oldestAndNewestKubectl())("kubectl $version", (binary) => {
  const namespace = `w${binary.version.replaceAll(".", "-")}`;
  let kubectl: Kubectl;
  const inNamespace = (...args: string[]): string => kubectl.run("-n", namespace, ...args);

  beforeAll(() => {
    kubectl = new Kubectl(binary, cluster.kubeconfig);
    expect(kubectl.run("create", "namespace", namespace)).toBe(`namespace/${namespace} created\n`);
  });

  it("sees Ready nodes and the server's version", () => {
    expect(kubectl.run("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")).toMatch(/condition met/);
    expect(kubectl.run("get", "nodes")).toMatch(/^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION\n\S+\s+Ready\s/);
    expect(kubectl.run("version")).toMatch(/Server Version: v?.*1\.36/);
  });

  it("runs the guestbook", () => {
    expect(inNamespace("apply", "-f", manifest("guestbook"))).toBe(
      [
        "service/redis-leader created",
        "deployment.apps/redis-leader created",
        "service/redis-follower created",
        "deployment.apps/redis-follower created",
        "service/frontend created",
        "deployment.apps/frontend created",
        "",
      ].join("\n"),
    );
    expect(inNamespace("wait", "--for=condition=Available", "deployment", "--all", "--timeout=60s")).toBe(
      ["frontend", "redis-follower", "redis-leader"].map((name) => `deployment.apps/${name} condition met\n`).join(""),
    );
    expect(inNamespace("get", "deployment", "frontend")).toMatch(/NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nfrontend\s+3\/3\s+3\s+3\s/);
    expect(inNamespace("get", "pods", "-l", "tier=frontend", "--no-headers").trim().split("\n")).toHaveLength(3);
    expect(inNamespace("get", "endpoints", "frontend", "-o", "jsonpath={.subsets[0].addresses[*].ip}").split(" ")).toHaveLength(3);
    expect(
      inNamespace(
        "get",
        "endpointslices",
        "-l",
        "kubernetes.io/service-name=frontend",
        "-o",
        "jsonpath={.items[0].endpoints[*].conditions.ready}",
      ),
    ).toBe("true true true");
    // Unchanged input changes nothing.
    expect(inNamespace("apply", "-f", manifest("guestbook"))).not.toMatch(/configured|created/);
  });

  it("describes what it runs", () => {
    const deployment = inNamespace("describe", "deployment", "frontend");
    expect(deployment).toMatch(/Replicas:\s+3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/);
    expect(deployment).toMatch(/Available\s+True\s+MinimumReplicasAvailable/);
    expect(deployment).toMatch(
      /Normal\s+ScalingReplicaSet\s+\S+\s+deployment-controller\s+Scaled up replica set frontend-\w+ (from 0 )?to 3/,
    );
    const pod = inNamespace("describe", "pod", "-l", "tier=frontend");
    for (const reason of ["Scheduled", "Pulled", "Created", "Started"]) expect(pod).toMatch(new RegExp(`Normal\\s+${reason}\\s`));
    expect(pod).toMatch(/Successfully assigned \S+\/frontend-\S+ to \S+/);
    expect(inNamespace("describe", "service", "frontend")).toMatch(/Type:\s+NodePort/);
    expect(kubectl.run("describe", "node")).toMatch(/Non-terminated Pods:/);
  });

  it("scales, rolls, pauses and rolls back", () => {
    expect(inNamespace("scale", "deployment/frontend", "--replicas=5")).toBe("deployment.apps/frontend scaled\n");
    expect(inNamespace("rollout", "status", "deployment/frontend", "--timeout=60s")).toMatch(/successfully rolled out/);
    expect(inNamespace("set", "image", "deployment/frontend", "php-redis=gcr.io/google_samples/gb-frontend:v6")).toBe(
      "deployment.apps/frontend image updated\n",
    );
    expect(inNamespace("rollout", "status", "deployment/frontend", "--timeout=60s")).toMatch(/successfully rolled out/);
    expect(inNamespace("rollout", "history", "deployment/frontend")).toMatch(/\n1\s.*\n2\s/);
    expect(inNamespace("rollout", "undo", "deployment/frontend")).toMatch(/deployment.apps\/frontend rolled back/);
    expect(inNamespace("rollout", "status", "deployment/frontend", "--timeout=60s")).toMatch(/successfully rolled out/);
    expect(inNamespace("get", "deployment", "frontend", "-o", "jsonpath={.spec.template.spec.containers[0].image}")).toBe(
      "gcr.io/google_samples/gb-frontend:v5",
    );
    expect(inNamespace("rollout", "restart", "deployment/frontend")).toMatch(/restarted/);
    expect(inNamespace("rollout", "status", "deployment/frontend", "--timeout=60s")).toMatch(/successfully rolled out/);
    // Old replica sets are kept for history, empty.
    expect(inNamespace("get", "rs", "-l", "tier=frontend", "-o", "jsonpath={.items[*].spec.replicas}").split(" ").sort()).toEqual([
      "0",
      "0",
      "5",
    ]);
  });

  it("runs WordPress with MySQL and binds its claims", () => {
    inNamespace("apply", "-f", manifest("wordpress"));
    expect(inNamespace("wait", "--for=condition=Available", "deployment/wordpress", "deployment/wordpress-mysql", "--timeout=60s")).toMatch(
      /wordpress-mysql condition met/,
    );
    expect(inNamespace("get", "pvc", "--no-headers")).toMatch(
      /mysql-pv-claim\s+Bound\s+pvc-\S+\s+20Gi\s+RWO\s+\S+[\s\S]*wp-pv-claim\s+Bound/,
    );
    expect(kubectl.run("get", "storageclass")).toMatch(/\(default\)/);
    expect(inNamespace("get", "secret", "mysql-pass", "-o", "jsonpath={.data.password}")).toBe(
      Buffer.from("not-a-real-password").toString("base64"),
    );
  });

  it("runs a StatefulSet in order, with a claim for each pod", () => {
    inNamespace("apply", "-f", manifest("statefulset"));
    expect(inNamespace("rollout", "status", "statefulset/web", "--timeout=90s")).toMatch(
      /roll(ing update complete|ed out)|partitioned roll out complete|3 pods at revision/,
    );
    expect(inNamespace("get", "pods", "-l", "app=nginx", "-o", "name")).toBe("pod/web-0\npod/web-1\npod/web-2\n");
    expect(inNamespace("get", "pvc", "-l", "app=nginx", "-o", "jsonpath={.items[*].metadata.name}")).toBe("www-web-0 www-web-1 www-web-2");
    inNamespace("scale", "statefulset/web", "--replicas=1");
    inNamespace("wait", "--for=delete", "pod/web-2", "pod/web-1", "--timeout=60s");
    expect(inNamespace("get", "pods", "-l", "app=nginx", "-o", "name")).toBe("pod/web-0\n");
    // Scaling down keeps the claims.
    expect(inNamespace("get", "pvc", "www-web-2", "-o", "jsonpath={.status.phase}")).toBe("Bound");
  });

  it("completes a Job", () => {
    inNamespace("apply", "-f", manifest("job"));
    expect(inNamespace("wait", "--for=condition=Complete", "job/pi", "--timeout=60s")).toBe("job.batch/pi condition met\n");
    expect(inNamespace("get", "job", "pi")).toMatch(/pi\s+(Complete\s+)?1\/1/);
    expect(inNamespace("get", "pods", "-l", "job-name=pi")).toMatch(/pi-\w+\s+0\/1\s+Completed/);
  });

  it("keeps an Ingress", () => {
    inNamespace("apply", "-f", manifest("ingress"));
    expect(inNamespace("get", "ingress", "guestbook")).toMatch(/guestbook\s+nginx\s+guestbook\.example\.com\s+80, 443/);
    expect(inNamespace("describe", "ingress", "guestbook")).toMatch(/\/redis\s+redis-leader:6379/);
  });

  it("serves custom resources", () => {
    kubectl.run("apply", "-f", manifest("crontab-crd"));
    kubectl.run("wait", "--for=condition=Established", "crd/crontabs.stable.example.com", "--timeout=30s");
    const good = {
      apiVersion: "stable.example.com/v1",
      kind: "CronTab",
      metadata: { name: "nightly" },
      spec: { cronSpec: "0 3 * * *", image: "backup" },
    };
    // kubectl caches discovery; the new group shows up when it finds no match.
    expect(kubectl.pipe(JSON.stringify(good), "-n", namespace, "apply", "-f", "-")).toBe("crontab.stable.example.com/nightly created\n");
    expect(inNamespace("get", "ct")).toMatch(/NAME\s+SPEC\s+REPLICAS\s+AGE\nnightly\s+0 3 \* \* \*\s+1\s/);
    inNamespace("scale", "crontab/nightly", "--replicas=4");
    expect(inNamespace("get", "crontab", "nightly", "-o", "jsonpath={.spec.replicas}")).toBe("4");
    const bad = kubectl.try(["-n", namespace, "apply", "-f", "-"], {
      input: JSON.stringify({ ...good, metadata: { name: "bad" }, spec: { cronSpec: "never" } }),
    });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/The CronTab "bad" is invalid: spec\.cronSpec: Invalid value: "never": spec\.cronSpec in body should match/);
  });

  it("streams changes to get -w", async () => {
    const watch = kubectl.spawn("-n", namespace, "get", "configmap", "watched", "-w", "-o", "name", "--ignore-not-found");
    watch.kill();
    inNamespace("create", "configmap", "watched", "--from-literal=a=1");
    const stream = kubectl.spawn("-n", namespace, "get", "pods", "-l", "app=streamed", "-w", "--no-headers");
    let seen = "";
    stream.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    try {
      inNamespace("run", "streamed", "--image=nginx", "--labels=app=streamed");
      await eventually(() => expect(seen).toMatch(/streamed\s+1\/1\s+Running/), 30_000);
      inNamespace("delete", "pod", "streamed", "--now");
      await eventually(() => expect(seen).toMatch(/streamed\s+\S+\s+(Terminating|Completed)/), 30_000);
    } finally {
      stream.kill();
    }
  });

  it("patches in every form", () => {
    inNamespace("create", "configmap", "patched", "--from-literal=a=1");
    inNamespace("patch", "configmap", "patched", "--type=merge", "-p", '{"data":{"b":"2"}}');
    inNamespace("patch", "configmap", "patched", "--type=json", "-p", '[{"op":"remove","path":"/data/a"}]');
    inNamespace(
      "patch",
      "deployment",
      "frontend",
      "-p",
      '{"spec":{"template":{"spec":{"containers":[{"name":"php-redis","env":[{"name":"EXTRA","value":"1"}]}]}}}}',
    );
    expect(inNamespace("get", "deployment", "frontend", "-o", "jsonpath={.spec.template.spec.containers[*].env[*].name}")).toBe(
      "EXTRA GET_HOSTS_FROM",
    );
    expect(inNamespace("get", "configmap", "patched", "-o", "jsonpath={.data}")).toBe('{"b":"2"}');
    const applied = (value: string): string =>
      JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied" }, data: { key: value } });
    expect(kubectl.pipe(applied("1"), "-n", namespace, "apply", "--server-side", "--field-manager=one", "-f", "-")).toMatch(
      /serverside-applied/,
    );
    const conflict = kubectl.try(["-n", namespace, "apply", "--server-side", "--field-manager=two", "-f", "-"], { input: applied("2") });
    expect(conflict.stderr).toMatch(/Apply failed with 1 conflict: conflict with "one": \.data\.key/);
    kubectl.pipe(applied("2"), "-n", namespace, "apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-");
    expect(inNamespace("get", "configmap", "applied", "-o", "jsonpath={.data.key}")).toBe("2");
  });

  it("explains, lists resources and answers questions of access", () => {
    expect(kubectl.run("explain", "deployment.spec.strategy")).toMatch(/FIELDS?:/);
    expect(kubectl.run("api-resources")).toMatch(/deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/);
    expect(kubectl.run("auth", "can-i", "create", "pods")).toBe("yes\n");
    expect(kubectl.try(["auth", "can-i", "create", "pods", "--as=nobody"]).stdout).toBe("no\n");
    expect(kubectl.try(["get", "pods", "--as=nobody"]).stderr).toMatch(
      /Error from server \(Forbidden\): pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "default"/,
    );
  });

  it("reads logs, runs commands and forwards ports", () => {
    expect(inNamespace("logs", "deployment/redis-leader")).not.toBe("");
    expect(inNamespace("exec", "deployment/redis-leader", "--", "echo", "hello")).toBe("hello\n");
  });

  it("refuses bad input in the server's words", () => {
    const refused = kubectl.try(["-n", namespace, "create", "-f", "-"], {
      input: JSON.stringify({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "bad" },
        spec: {
          selector: { matchLabels: { a: "b" } },
          template: { metadata: { labels: { a: "c" } }, spec: { containers: [{ name: "c", image: "i" }] } },
        },
      }),
    });
    expect(refused.stderr).toMatch(
      /The Deployment "bad" is invalid: spec\.template\.metadata\.labels: Invalid value: .*: `selector` does not match template `labels`/,
    );
    expect(kubectl.try(["-n", namespace, "get", "pod", "none"]).stderr).toBe('Error from server (NotFound): pods "none" not found\n');
    const unknown = kubectl.try(["-n", namespace, "create", "-f", "-"], {
      input: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "u" }, dta: {} }),
    });
    expect(unknown.stderr).toMatch(/unknown field "dta"/);
  });

  it("says in events why a pod is pending", async () => {
    inNamespace(
      "run",
      "huge",
      "--image=nginx",
      "--overrides",
      '{"spec":{"containers":[{"name":"huge","image":"nginx","resources":{"requests":{"cpu":"9999"}}}]}}',
    );
    await eventually(() =>
      expect(inNamespace("describe", "pod", "huge")).toMatch(
        /Warning\s+FailedScheduling\s+\S+.*\s+0\/2 nodes are available: 2 Insufficient cpu\./,
      ),
    );
  });

  it("leaves nothing behind when the namespace goes", () => {
    expect(kubectl.run("delete", "namespace", namespace, "--timeout=90s")).toMatch(/namespace "[^"]+" deleted/);
    const kinds = kubectl.run("api-resources", "--namespaced", "--verbs=list", "-o", "name").trim().split("\n").join(",");
    expect(kubectl.run("get", kinds, "-n", namespace, "-o", "name", "--ignore-not-found")).toBe("");
    // Dynamic volumes are reclaimed with their claims.
    expect(kubectl.run("get", "pv", "-o", `jsonpath={.items[?(@.spec.claimRef.namespace=="${namespace}")].metadata.name}`)).toBe("");
    kubectl.run("delete", "crd", "crontabs.stable.example.com", "--timeout=30s");
  });
});
