/** `kubectl explain` of everything that the server lists, retired versions and custom resources included, by the oldest and the newest kubectl. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl, type Output } from "./src/coracle.ts";

const coracle = new Coracle();
afterAll(() => coracle[Symbol.dispose]());

const kite = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "kites.toys.example.com" },
  spec: {
    group: "toys.example.com",
    scope: "Namespaced",
    names: { plural: "kites", singular: "kite", kind: "Kite" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            description: "A toy that flies on a string.",
            type: "object",
            properties: {
              spec: {
                description: "How the kite is made.",
                type: "object",
                properties: { tail: { description: "Length of the tail in metres.", type: "integer", minimum: 1 } },
              },
            },
          },
        },
      },
    ],
  },
};

let kubeconfig = "";
beforeAll(async () => {
  kubeconfig = coracle.up("explain", "--ephemeral", "--runtime", "simulated", "--nodes", "1", "--port", "0").kubeconfig;
  const [first] = oldestAndNewestKubectl();
  const kubectl = new Kubectl(first as NonNullable<typeof first>, kubeconfig);
  kubectl.pipe(JSON.stringify(kite), "apply", "-f", "-");
  await eventually(() => kubectl.run("get", "kites"));
});

interface Listed {
  readonly resource: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/** Every line of `kubectl api-resources`. */
function servedResources(kubectl: Kubectl): Listed[] {
  const lines = kubectl.run("api-resources", "--no-headers").trimEnd().split("\n");
  return lines.map((line) => {
    const columns = line.split(/\s+/);
    return { resource: columns[0] ?? "", apiVersion: columns.at(-3) ?? "", kind: columns.at(-1) ?? "" };
  });
}

/** In its older form kubectl takes the kind of the first resource of a name: it cannot name the second (`nodes` of metrics.k8s.io). */
function isNamed({ resource, kind }: Listed, all: readonly Listed[]): boolean {
  return all.find((each) => each.resource === resource)?.kind === kind;
}

/** What stands under `DESCRIPTION:`, on one line; empty when there is none. */
function descriptionIn({ stdout }: Output): string {
  const [, text = ""] = /\nDESCRIPTION:\n([\s\S]*?)(?:\nFIELDS:|$)/.exec(stdout) ?? [];
  const plain = text.replaceAll(/\s+/g, " ").trim();
  return plain === "<empty>" ? "" : plain;
}

/** Runs tasks two at a time: explaining is mostly waiting for kubectl to start. */
async function inPairs<T>(tasks: readonly T[], run: (task: T) => Promise<void>): Promise<void> {
  const left = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) await run(task);
  };
  await Promise.all([work(), work()]);
}

describe.each(oldestAndNewestKubectl())("kubectl explain $version", (binary) => {
  const modes = [[], ["--recursive"], ["--output=plaintext-openapiv2"]];

  it.each(modes.map((mode) => ({ mode, name: mode.join(" ") || "plainly" })))("describes every resource, $name", async ({ mode }) => {
    const kubectl = new Kubectl(binary, kubeconfig);
    const silent: string[] = [];
    const all = servedResources(kubectl);
    const resources = mode.includes("--output=plaintext-openapiv2") ? all.filter((each) => isNamed(each, all)) : all;
    expect(resources.length).toBeGreaterThan(60);
    await inPairs(resources, async ({ resource, apiVersion }) => {
      const output = await kubectl.start(["explain", resource, `--api-version=${apiVersion}`, ...mode]);
      if (output.code !== 0 || descriptionIn(output) === "") silent.push(`${apiVersion} ${resource}: ${output.stderr}${output.stdout}`);
    });
    expect(silent).toEqual([]);
  });

  it("describes fields down to the last", () => {
    const kubectl = new Kubectl(binary, kubeconfig);
    const explain = (...args: string[]): string => descriptionIn(kubectl.try(["explain", ...args]));
    expect(explain("pod.spec.containers.livenessProbe.httpGet.port")).toMatch(/^Number of the port, or the name/);
    expect(explain("service.spec.type")).toMatch(/Defaults to ClusterIP\.$/);
    expect(explain("networkpolicies.spec.egress.to.ipBlock.cidr")).toMatch(/^The range/);
    expect(explain("crd.spec.versions.schema.openAPIV3Schema")).toMatch(/^The schema/);
    expect(explain("deployments.spec.rollbackTo", "--api-version=extensions/v1beta1")).toMatch(/^Revision to go back to/);
    expect(explain("podsecuritypolicies.spec.privileged")).toMatch(/privileged containers/);
    const unknown = kubectl.try(["explain", "pod.spec.nonsense"]);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('field "nonsense" does not exist') as string });
  });

  it("describes custom resources in the words of their definition", () => {
    const kubectl = new Kubectl(binary, kubeconfig);
    for (const form of ["plaintext", "plaintext-openapiv2"]) {
      const explain = (path: string): Output => kubectl.try(["explain", path, `--output=${form}`]);
      expect(descriptionIn(explain("kites"))).toMatch(/^A toy that flies on a string\./);
      expect(descriptionIn(explain("kites.spec.tail"))).toBe("Length of the tail in metres.");
      expect(descriptionIn(explain("kites.metadata.finalizers"))).toMatch(/^Names of those who have to clean up/);
    }
  });
});

describe("OpenAPI documents", () => {
  it("are where the index says", () => {
    const [binary] = oldestAndNewestKubectl();
    const kubectl = new Kubectl(binary as NonNullable<typeof binary>, kubeconfig);
    const { paths } = JSON.parse(kubectl.run("get", "--raw", "/openapi/v3")) as { paths: Record<string, { serverRelativeURL: string }> };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["api", "api/v1", "apis", "apis/apps", "apis/apps/v1", "version"]));
    for (const { serverRelativeURL } of Object.values(paths)) {
      const document = JSON.parse(kubectl.run("get", "--raw", serverRelativeURL)) as { openapi: string; paths: object };
      expect(document.openapi).toBe("3.0.0");
      expect(Object.keys(document.paths).length).toBeGreaterThan(0);
    }
  });
});
