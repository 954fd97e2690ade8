/** Every built-in kind through real clients: created in full, read in every form, patched in every way, watched, described, deleted. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig, KubernetesObjectApi, loadAllYaml, Watch, type KubernetesObject } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { eventually, Kubectl, oldestAndNewestKubectl, root } from "./src/coracle.ts";

type Manifest = KubernetesObject &
  Record<string, unknown> & { metadata: { name: string; namespace?: string; labels: Record<string, string> } };

const folder = join(root, "packages/api/testing/manifests");
/** Others refer to these: they come first, and go last. */
const first = ["namespaces", "serviceaccounts", "priorityclasses", "runtimeclasses", "ingressclasses", "storageclasses", "services"];
const names = readdirSync(folder).map((file) => file.slice(0, -".yaml".length));
const ordered = [...names].sort((left, right) => place(left) - place(right));
const documents = ordered.map((name) => readFileSync(join(folder, `${name}.yaml`), "utf8"));
const manifests = documents.map((text) => loadAllYaml(text)[0] as unknown as Manifest);
const everything = documents.join("---\n");
const key = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata?.name}`;

function place(name: string): number {
  const index = first.indexOf(name.split(".")[0] as string);
  return index < 0 ? first.length : index;
}

let server: ServerUnderTest;
let config: KubeConfig;

beforeAll(() => {
  server = serverUnderTest("kinds", "--runtime-config", "api/legacy=false");
  config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

/** What is not stored as it was sent: written into another field, or amounts and times in another form. */
const rewritten = new Set(["stringData", "request", "secrets", "acquireTime", "renewTime", "defaultMode", "mode"]);

/** Paths in `sent` whose values `stored` does not have. */
function lost(sent: unknown, stored: unknown, path = ""): string[] {
  if (Array.isArray(sent)) {
    if (sent.length === 0) return [];
    return sent.flatMap((item, index) => lost(item, Array.isArray(stored) ? (stored[index] as unknown) : undefined, `${path}[${index}]`));
  }
  if (typeof sent === "object" && sent !== null) {
    const fields = Object.entries(sent).filter(([name]) => !rewritten.has(name));
    return fields.flatMap(([name, value]) => lost(value, (stored as Record<string, unknown> | undefined)?.[name], `${path}.${name}`));
  }
  // What is false need not be said.
  return sent === stored || (sent === false && stored === undefined) ? [] : [path];
}

describe.each(oldestAndNewestKubectl())("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  const all = (...args: string[]): string => kubectl.pipe(everything, ...args, "-f", "-");
  const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

  beforeAll(() => {
    kubectl = new Kubectl(binary, server.kubeconfig);
  });

  it("has a manifest of every kind that can be created and listed", () => {
    const served = lines(kubectl.run("api-resources", "--verbs=create,list,watch,patch,delete", "-o", "name"));
    expect(served.filter((name) => name !== "events.events.k8s.io").sort()).toEqual([...names].sort());
  });

  it("creates all", () => {
    expect(lines(all("create"))).toHaveLength(manifests.length);
  });

  it("reads all in every form", () => {
    const { items } = JSON.parse(all("get", "-o", "json")) as { items: Manifest[] };
    expect(items.map(key)).toEqual(manifests.map(key));
    // One document after the other.
    const texts = all("create", "--dry-run=client", "-o", "json").split("\n}\n{").join("\n},\n{");
    const sent = JSON.parse(`[${texts}]`) as Manifest[];
    expect(items.flatMap((item, index) => lost(sent[index], item, key(item)))).toEqual([]);
    const fromYaml = loadAllYaml(all("get", "-o", "yaml"))[0] as unknown as { items: Manifest[] };
    expect(fromYaml.items.map(key)).toEqual(manifests.map(key));
    const found = manifests.map(({ metadata }) => metadata.name);
    expect(lines(all("get", "-o", "name")).map((line) => line.slice(line.indexOf("/") + 1))).toEqual(found);
    expect(all("get", "-o", "jsonpath={.items[*].metadata.name}").split(" ")).toEqual(found);
    expect(lines(all("get", "-o", "custom-columns=NAME:.metadata.name", "--no-headers"))).toEqual(found);
    expect(lines(all("get", "-o", 'go-template={{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}'))).toEqual(found);
    for (const args of [["get"], ["get", "-o", "wide"], ["get", "--show-labels"]]) {
      const table = all(...args);
      // Events are shown without their names.
      for (const { kind, metadata } of manifests) if (kind !== "Event") expect(table).toContain(metadata.name);
      expect(table).not.toContain("undefined");
    }
  });

  it("patches, labels and annotates all in every way", () => {
    const patch = (type: string, body: unknown): void => {
      expect(lines(all("patch", "--type", type, "-p", JSON.stringify(body)))).toHaveLength(manifests.length);
    };
    patch("merge", { metadata: { annotations: { merge: "a" } } });
    patch("strategic", { metadata: { annotations: { strategic: "b" } } });
    patch("json", [{ op: "add", path: "/metadata/labels/json", value: "c" }]);
    expect(lines(all("label", "added=d"))).toHaveLength(manifests.length);
    expect(lines(all("annotate", "added=e"))).toHaveLength(manifests.length);
    expect(lines(all("apply", "--server-side", "--force-conflicts", "--field-manager=kinds"))).toHaveLength(manifests.length);
    expect(lines(all("apply"))).toHaveLength(manifests.length);
    const { items } = JSON.parse(all("get", "-o", "json", "--show-managed-fields")) as { items: Manifest[] };
    for (const { kind, metadata } of items) {
      const {
        labels,
        annotations = {},
        managedFields = [],
      } = metadata as unknown as Record<string, Record<string, string>> & {
        managedFields?: { manager: string }[];
      };
      expect([kind, labels?.["json"], labels?.["added"]]).toEqual([kind, "c", "d"]);
      expect([kind, annotations["merge"], annotations["strategic"], annotations["added"]]).toEqual([kind, "a", "b", "e"]);
      expect([kind, managedFields.some(({ manager }) => manager === "kinds")]).toEqual([kind, true]);
    }
  });

  it("watches all", async () => {
    const watch = new Watch(config);
    const served = kubectl.run("api-resources", "--verbs=watch,create", "--no-headers", "-o", "wide");
    const paths = new Map(
      lines(served).map((line) => {
        const [plural = "", ...rest] = line.split(/\s+/);
        const at = rest.findIndex((word) => word === "true" || word === "false");
        const apiVersion = rest[at - 1] ?? "";
        const scope = rest[at] === "true" ? "/namespaces/default" : "";
        return [`${apiVersion}/${rest[at + 1]}`, `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}${scope}/${plural}`];
      }),
    );
    const seen = await Promise.all(
      manifests.map(async (manifest) => {
        const path = paths.get(`${manifest.apiVersion}/${manifest.kind}`) ?? "";
        const found: string[] = [];
        await new Promise<void>((resolve) => {
          const query = { fieldSelector: `metadata.name=${manifest.metadata.name}`, timeoutSeconds: 2 };
          void watch.watch(
            path,
            query,
            (type: string, object: KubernetesObject) => found.push(`${type} ${key(object)}`),
            () => resolve(),
          );
        });
        return found[0] ?? `nothing of ${path}`;
      }),
    );
    expect(seen).toEqual(manifests.map((manifest) => `ADDED ${key(manifest)}`));
  });

  it("describes all", () => {
    const { stdout, stderr } = kubectl.try(["describe", "-f", "-"], { input: everything });
    // Clients describe what was new in their time by versions that a server of today does not have.
    const isDescribed = ({ metadata }: (typeof manifests)[number]): boolean => new RegExp(`Name:\\s+${metadata.name}\\n`).test(stdout);
    const skipped = manifests.filter((manifest) => !isDescribed(manifest)).map(({ kind }) => kind);
    expect(skipped.filter((kind) => !["IPAddress", "ServiceCIDR", "VolumeAttributesClass"].includes(kind ?? ""))).toEqual([]);
    const errors = lines(stderr).filter((line) => !line.startsWith("Warning: v1 Endpoints is deprecated"));
    expect(errors).toEqual(skipped.map(() => expect.stringContaining("the server could not find the requested resource")));
  });

  it("deletes all", async () => {
    expect(lines(all("delete", "--wait=false"))).toHaveLength(manifests.length);
    await eventually(() => expect(all("get", "--ignore-not-found", "-o", "name")).toBe(""), 60_000, 1000);
  });
});

describe("the official client", () => {
  it("creates, reads, patches and deletes each", async () => {
    const client = KubernetesObjectApi.makeApiClient(config);
    const nameOf = ({ apiVersion, kind, metadata }: Manifest): KubernetesObject & { metadata: { name: string } } =>
      ({ apiVersion, kind, metadata: { name: metadata.name } }) as never;
    for (const manifest of manifests) {
      const created = await client.create(structuredClone(manifest) as KubernetesObject);
      expect(key(await client.read(nameOf(manifest)))).toBe(key(created));
      const patched = await client.patch({ ...nameOf(manifest), metadata: { name: manifest.metadata.name, labels: { client: "node" } } });
      expect([manifest.kind, patched.metadata?.labels?.["client"]]).toEqual([manifest.kind, "node"]);
    }
    for (const manifest of manifests.toReversed()) await client.delete(nameOf(manifest));
  });
});
