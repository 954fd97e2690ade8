/** Patches and server-side apply as kubectl does them: every directive, owners, conflicts, dry runs, the way from client-side apply. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { Kubectl, oldestAndNewestKubectl, type Output } from "./src/coracle.ts";

interface Owner {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: Record<string, unknown>;
}

interface Deployment {
  readonly metadata: {
    readonly generation: number;
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly finalizers?: string[];
    readonly managedFields: readonly Owner[];
  };
  readonly spec: {
    readonly replicas: number;
    readonly strategy: Record<string, unknown>;
    readonly template: { readonly spec: PodSpec };
  };
}

interface PodSpec {
  readonly containers: readonly { name: string; image: string; args?: string[]; env?: { name: string; value?: string }[] }[];
  readonly nodeSelector?: Record<string, string>;
  readonly tolerations?: readonly { key: string }[];
  readonly volumes?: readonly { name: string }[];
}

let server: ServerUnderTest;
beforeAll(() => {
  server = serverUnderTest("patches");
});
afterAll(() => server[Symbol.dispose]());

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Replicas are none, so that no controller writes but to the status. */
function deployment(name: string, more: { replicas?: number; labels?: object; containers?: object[]; pod?: object } = {}): string {
  const { replicas = 0, labels, containers = [{ name: "main", image: "main:1" }], pod = {} } = more;
  const template = { metadata: { labels: { app: name } }, spec: { containers, ...pod } };
  const metadata = { name, ...(labels !== undefined && { labels }) };
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: { replicas, selector: { matchLabels: { app: name } }, template },
  });
}

describe.each(oldestAndNewestKubectl())("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  let api: RawApi;
  const namespace = `patches-${binary.version.split(".")[1]}`;

  beforeAll(() => {
    kubectl = new Kubectl(binary, server.kubeconfig);
    api = new RawApi(server.kubeconfig);
    kubectl.run("create", "namespace", namespace);
  });

  const get = (name: string): Deployment => kubectl.json("get", "deployment", name, "-n", namespace, "--show-managed-fields");
  const pod = (name: string): PodSpec => get(name).spec.template.spec;
  const create = (name: string, ...more: Parameters<typeof deployment> extends [string, ...infer R] ? R : never): string =>
    kubectl.pipe(deployment(name, ...more), "create", "-n", namespace, "-f", "-");
  const patch = (name: string, body: unknown, type = "strategic", ...flags: string[]): string =>
    kubectl.run("patch", "deployment", name, "-n", namespace, `--type=${type}`, "-p", JSON.stringify(body), ...flags);
  const patchPod = (name: string, spec: object): string => patch(name, { spec: { template: { spec } } });
  const apply = (body: string, ...flags: string[]): string => kubectl.pipe(body, "apply", "-n", namespace, "-f", "-", ...flags);
  const tryApply = (body: string, ...flags: string[]): Output =>
    kubectl.try(["apply", "-n", namespace, "-f", "-", ...flags], { input: body });
  const owners = (name: string): string[] =>
    get(name)
      .metadata.managedFields.map(({ manager, operation, subresource }) => [manager, operation, subresource ?? ""].join(" ").trim())
      .sort();

  describe("strategic merge patches", () => {
    it("merge lists by their keys, and put in front what is new", () => {
      create("merged", {
        containers: [
          { name: "a", image: "a:1", env: [{ name: "X", value: "1" }] },
          { name: "b", image: "b:1" },
        ],
      });
      patchPod("merged", {
        containers: [
          { name: "c", image: "c:1" },
          { name: "a", env: [{ name: "Y", value: "2" }] },
        ],
      });
      const { containers } = pod("merged");
      expect(containers.map(({ name, image }) => `${name}=${image}`).sort()).toEqual(["a=a:1", "b=b:1", "c=c:1"]);
      expect(
        containers
          .find(({ name }) => name === "a")
          ?.env?.map(({ name }) => name)
          .sort(),
      ).toEqual(["X", "Y"]);
    });

    it("$patch: delete removes an item, and a whole map", () => {
      create("deleted", {
        containers: [
          { name: "a", image: "a:1" },
          { name: "b", image: "b:1" },
        ],
        pod: { nodeSelector: { disk: "fast" } },
      });
      patchPod("deleted", { containers: [{ name: "b", $patch: "delete" }], nodeSelector: { $patch: "delete" } });
      expect(pod("deleted").containers.map(({ name }) => name)).toEqual(["a"]);
      expect(pod("deleted").nodeSelector).toBeUndefined();
    });

    it("$patch: replace replaces a list, and a map", () => {
      create("replaced", {
        containers: [
          { name: "a", image: "a:1" },
          { name: "b", image: "b:1" },
        ],
        pod: { nodeSelector: { disk: "fast" } },
      });
      patchPod("replaced", {
        containers: [{ $patch: "replace" }, { name: "c", image: "c:1" }],
        nodeSelector: { $patch: "replace", zone: "z" },
      });
      expect(pod("replaced").containers.map(({ name }) => name)).toEqual(["c"]);
      expect(pod("replaced").nodeSelector).toEqual({ zone: "z" });
    });

    it("$retainKeys keeps only what it names", () => {
      create("retained");
      expect(get("retained").spec.strategy).toMatchObject({ type: "RollingUpdate", rollingUpdate: {} });
      patch("retained", { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } });
      expect(get("retained").spec.strategy).toEqual({ type: "Recreate" });
      const refused = kubectl.try([
        "patch",
        "deployment",
        "retained",
        "-n",
        namespace,
        "-p",
        '{"spec":{"strategy":{"$retainKeys":["type"],"rollingUpdate":{"maxSurge":1}}}}',
      ]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("patch content doesn't match retainKeys list")]);
    });

    it("$setElementOrder orders, $deleteFromPrimitiveList deletes", () => {
      create("ordered", { containers: ["a", "b", "c"].map((name) => ({ name, image: `${name}:1` })) });
      patchPod("ordered", { "$setElementOrder/containers": ["c", "a", "b"].map((name) => ({ name })) });
      expect(pod("ordered").containers.map(({ name }) => name)).toEqual(["c", "a", "b"]);
      patch("ordered", { metadata: { finalizers: ["example.com/a", "example.com/b"] } });
      patch("ordered", { metadata: { finalizers: ["example.com/c"], "$deleteFromPrimitiveList/finalizers": ["example.com/a"] } });
      expect(get("ordered").metadata.finalizers?.toSorted()).toEqual(["example.com/b", "example.com/c"]);
      patch("ordered", { metadata: { finalizers: null } });
    });

    it("leave atomic lists whole, and null removes", () => {
      create("atomic", {
        containers: [{ name: "a", image: "a:1", args: ["x", "y"] }],
        pod: { tolerations: [{ key: "k", operator: "Exists" }] },
      });
      patchPod("atomic", { containers: [{ name: "a", args: ["z"] }], tolerations: [{ key: "l", operator: "Exists" }] });
      expect(pod("atomic").containers[0]?.args).toEqual(["z"]);
      expect(pod("atomic").tolerations?.map(({ key }) => key)).toEqual(["l"]);
      patchPod("atomic", { tolerations: null, containers: [{ name: "a", args: null }] });
      expect([pod("atomic").tolerations, pod("atomic").containers[0]?.args]).toEqual([undefined, undefined]);
    });

    it("that change nothing make no new version", () => {
      create("same");
      const before = get("same").metadata;
      expect(patchPod("same", { containers: [{ name: "main", image: "main:1" }] })).toContain("patched (no change)");
      expect(get("same").metadata.generation).toBe(before.generation);
    });
  });

  it("JSON and merge patches do what they say, or nothing", () => {
    create("plain", { labels: { a: "1", "b/c": "2" } });
    patch(
      "plain",
      [
        { op: "test", path: "/metadata/labels/b~1c", value: "2" },
        { op: "move", from: "/metadata/labels/a", path: "/metadata/labels/d" },
      ],
      "json",
    );
    expect(get("plain").metadata.labels).toEqual({ "b/c": "2", d: "1" });
    const operations = [
      { op: "remove", path: "/metadata/labels" },
      { op: "test", path: "/spec/replicas", value: 7 },
    ];
    const failed = kubectl.try(["patch", "deployment", "plain", "-n", namespace, "--type=json", "-p", JSON.stringify(operations)]);
    expect(failed.code).toBe(1);
    expect(get("plain").metadata.labels).toEqual({ "b/c": "2", d: "1" });
    patch("plain", { spec: { template: { spec: { containers: [{ name: "other", image: "other:1" }] } } } }, "merge");
    expect(pod("plain").containers.map(({ name }) => name)).toEqual(["other"]);
  });

  describe("client-side apply", () => {
    it("removes what its last configuration had, and leaves the rest", () => {
      const first = {
        labels: { mine: "1", gone: "1" },
        containers: [
          { name: "main", image: "main:1" },
          { name: "side", image: "side:1" },
        ],
      };
      expect(apply(deployment("client", first))).toContain("created");
      patch("client", { metadata: { labels: { theirs: "1" } }, spec: { replicas: 0 } });
      expect(apply(deployment("client", { labels: { mine: "2" } }))).toContain("configured");
      expect(get("client").metadata.labels).toEqual({ mine: "2", theirs: "1" });
      expect(pod("client").containers.map(({ name }) => name)).toEqual(["main"]);
      expect(apply(deployment("client", { labels: { mine: "2" } }))).toContain("unchanged");
      expect(owners("client")).toEqual(expect.arrayContaining(["kubectl-client-side-apply Update", "kubectl-patch Update"]));
    });

    it("becomes server-side apply: its fields change hands, and what the new configuration drops goes", () => {
      apply(deployment("upgraded", { labels: { a: "1", b: "1" } }));
      expect(apply(deployment("upgraded", { labels: { a: "2" } }), "--server-side")).toContain("serverside-applied");
      const { metadata } = get("upgraded");
      expect(metadata.labels).toEqual({ a: "2" });
      expect(owners("upgraded").filter((owner) => owner.startsWith("kubectl"))).toEqual(["kubectl Apply", "kubectl-last-applied Apply"]);
      expect(JSON.parse(metadata.annotations?.[lastApplied] ?? "{}")).toMatchObject({ metadata: { labels: { a: "2" } } });
    });
  });

  describe("server-side apply", () => {
    const serverSide = (body: string, manager: string, ...flags: string[]): string =>
      apply(body, "--server-side", `--field-manager=${manager}`, ...flags);
    const bare = (name: string, spec: object, metadata: object = {}): string =>
      JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, ...metadata }, spec });

    it("names who has a field that another wants, and takes it when forced", () => {
      serverSide(deployment("contested"), "first");
      const image = (tag: string): string =>
        bare("contested", { template: { spec: { containers: [{ name: "main", image: `main:${tag}` }] } } });
      const one = tryApply(image("2"), "--server-side", "--field-manager=second");
      expect(one.code).toBe(1);
      expect(one.stderr).toContain(
        'error: Apply failed with 1 conflict: conflict with "first": .spec.template.spec.containers[name="main"].image\n' +
          "Please review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n",
      );
      const wanted = { replicas: 1, template: { spec: { containers: [{ name: "main", image: "main:3" }] } } };
      const both = tryApply(bare("contested", wanted), "--server-side", "--field-manager=second");
      expect(both.stderr).toContain(
        'error: Apply failed with 2 conflicts: conflicts with "first":\n- .spec.replicas\n- .spec.template.spec.containers[name="main"].image\n',
      );
      serverSide(image("2"), "second", "--force-conflicts");
      expect(pod("contested").containers[0]?.image).toBe("main:2");
      const has = (manager: string): string =>
        JSON.stringify(get("contested").metadata.managedFields.find((each) => each.manager === manager)?.fieldsV1);
      expect(has("second")).toContain('"f:image"');
      expect(has("first")).not.toContain('"f:image"');
      // Whoever wants what is there already shares it.
      serverSide(image("2"), "third");
      expect(has("third")).toContain('"f:image"');
    });

    it("tells the version of an update that it would undo", () => {
      serverSide(deployment("updated"), "first");
      patch("updated", { spec: { paused: true } }, "merge", "--field-manager=editor");
      const refused = tryApply(bare("updated", { paused: false }), "--server-side", "--field-manager=second");
      expect(refused.stderr).toContain('Apply failed with 1 conflict: conflict with "editor" using apps/v1: .spec.paused\n');
    });

    it("removes what its manager gave up, unless another has it, too", () => {
      serverSide(
        deployment("given-up", {
          labels: { mine: "1", ours: "1" },
          containers: [
            { name: "main", image: "main:1" },
            { name: "side", image: "side:1" },
          ],
        }),
        "first",
      );
      serverSide(bare("given-up", {}, { labels: { ours: "1" } }), "second");
      serverSide(deployment("given-up"), "first");
      expect(get("given-up").metadata.labels).toEqual({ ours: "1" });
      expect(pod("given-up").containers.map(({ name }) => name)).toEqual(["main"]);
    });

    it("keeps the owners of subresources apart", async () => {
      serverSide(deployment("scaled"), "first");
      kubectl.run("scale", "deployment", "scaled", "-n", namespace, "--replicas=0");
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/scaled`;
      const scale = await api.json<{ spec: { replicas: number } }>("GET", `${path}/scale`);
      expect((await api.json("PUT", `${path}/scale?fieldManager=scaler`, { ...scale.value, spec: { replicas: 1 } })).code).toBe(200);
      expect(owners("scaled")).toContain("scaler Update scale");
      const refused = tryApply(deployment("scaled"), "--server-side", "--field-manager=first");
      expect(refused.stderr).toMatch(/conflict with "scaler" with subresource "scale" using apps\/v1: \.spec\.replicas/);
      const status = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "scaled" }, status: { collisionCount: 3 } };
      expect((await api.json("PATCH", `${path}/status?fieldManager=observer`, status, "application/apply-patch+yaml")).code).toBe(200);
      expect(owners("scaled")).toContain("observer Apply status");
    });

    it("is tried without doing it", () => {
      const dry = serverSide(
        deployment("dry", { labels: { a: "1" } }),
        "first",
        "--dry-run=server",
        "-o",
        "jsonpath={.metadata.labels.a} {.spec.strategy.type}",
      );
      expect(dry).toBe("1 RollingUpdate");
      expect(kubectl.try(["get", "deployment", "dry", "-n", namespace]).stderr).toContain('deployments.apps "dry" not found');
      serverSide(deployment("dry"), "first");
      const before = get("dry").metadata.resourceVersion;
      const changed = patch(
        "dry",
        { spec: { template: { spec: { containers: [{ name: "main", image: "main:9" }] } } } },
        "strategic",
        "--dry-run=server",
        "-o",
        "jsonpath={.spec.template.spec.containers[0].image}",
      );
      expect(changed).toBe("main:9");
      expect(pod("dry").containers[0]?.image).toBe("main:1");
      expect(Number(get("dry").metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(before));
      const diff = kubectl.try(["diff", "--server-side", "--field-manager=first", "-n", namespace, "-f", "-"], {
        input: deployment("dry", { labels: { b: "2" } }),
      });
      expect([diff.code, diff.stdout]).toEqual([1, expect.stringMatching(/^\+ +b: "2"$/m)]);
    });

    it("needs a manager, and refuses what does not fit", async () => {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/unfit`;
      const type = "application/apply-patch+yaml";
      const nobody = await api.json<{ message: string }>("PATCH", path, JSON.parse(deployment("unfit")), type);
      expect([nobody.code, nobody.value.message]).toEqual([
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      ]);
      const twice = JSON.parse(
        deployment("unfit", {
          containers: [
            { name: "a", image: "a" },
            { name: "a", image: "b" },
          ],
        }),
      ) as unknown;
      const doubled = await api.json<{ message: string }>("PATCH", `${path}?fieldManager=x`, twice, type);
      expect([doubled.code >= 400 && doubled.code < 500, doubled.value.message]).toEqual([
        true,
        expect.stringContaining('.spec.template.spec.containers: duplicate entries for key [name="a"]'),
      ]);
      const force = await api.json<{ message: string }>("PATCH", `${path}?fieldManager=x&force=true`, {}, "application/merge-patch+json");
      expect([force.code, force.value.message]).toEqual([
        422,
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      ]);
    });
  });
});
