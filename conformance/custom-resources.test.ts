/** CustomResourceDefinitions as their authors use them: versions, webhooks that convert, rules, ratcheting, selectable fields, naming conflicts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { eventually, Kubectl, oldestAndNewestKubectl } from "./src/coracle.ts";
import { startWebhookServer, type WebhookServer } from "./src/webhook-server.ts";

let server: ServerUnderTest;
let kubectl: Kubectl;

beforeAll(() => {
  server = serverUnderTest("custom-resources");
  const newest = oldestAndNewestKubectl().at(-1);
  if (newest === undefined) throw new Error("no kubectl");
  kubectl = new Kubectl(newest, server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

function apply(manifest: string, ...args: string[]): string {
  return kubectl.pipe(manifest, "apply", "-f", "-", ...args);
}

/** As {@link apply}, while the webhooks of this test answer. */
function applied(manifest: string, ...args: string[]): Promise<string> {
  return succeeded(["apply", "-f", "-", ...args], manifest);
}

function ran(...args: string[]): Promise<string> {
  return succeeded(args, "");
}

async function succeeded(args: readonly string[], input: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl.start(args, input);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return stdout;
}

function refusal(manifest: string, ...args: string[]): string {
  const output = kubectl.try(["apply", "-f", "-", ...args], { input: manifest });
  expect([output.code, output.stderr]).toEqual([1, expect.any(String)]);
  return output.stderr;
}

function establish(name: string): void {
  kubectl.run("wait", "--for=condition=Established", `crd/${name}`, "--timeout=30s");
}

interface Box {
  apiVersion: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec: { size?: string; width?: number; height?: number; color?: string };
}

/** v1 has `size: 3x4`, v2 `width` and `height`. */
function convertBox(box: Box, apiVersion: string): Box {
  const { size, width, height, ...spec } = box.spec;
  if (apiVersion.endsWith("/v1")) return { ...box, apiVersion, spec: { ...spec, size: size ?? `${width}x${height}` } };
  const [wide, high] = (size ?? "").split("x").map(Number);
  return { ...box, apiVersion, spec: { ...spec, width: width ?? wide ?? 0, height: height ?? high ?? 0 } };
}

describe("a webhook that converts", () => {
  let webhook: WebhookServer;
  let isBroken = false;
  beforeAll(async () => {
    webhook = await startWebhookServer((_, body) => {
      const { apiVersion, kind, request } = body as {
        apiVersion: string;
        kind: string;
        request: { uid: string; desiredAPIVersion: string; objects: Box[] };
      };
      const result = isBroken ? { status: "Failure", message: "cannot convert today" } : { status: "Success" };
      const convertedObjects = request.objects.map((box) => convertBox(box, request.desiredAPIVersion));
      return { apiVersion, kind, response: { uid: request.uid, result, convertedObjects } };
    });
    apply(boxes("v1", webhook));
    establish("boxes.example.com");
  });
  afterAll(() => webhook[Symbol.asyncDispose]());

  it("serves each version, whatever is stored", async () => {
    await applied("{apiVersion: example.com/v1, kind: Box, metadata: {name: old}, spec: {size: 3x4}}");
    await applied("{apiVersion: example.com/v2, kind: Box, metadata: {name: new}, spec: {width: 5, height: 6}}");
    const read = (version: string): Promise<string> =>
      ran("get", `boxes.${version}.example.com`, "-o", "jsonpath={range .items[*]}{.metadata.name}{.spec}{'\\n'}{end}");
    expect(await read("v1")).toBe('new{"color":"grey","size":"5x6"}\nold{"color":"grey","size":"3x4"}\n');
    expect(await read("v2")).toBe('new{"color":"grey","height":6,"width":5}\nold{"color":"grey","height":4,"width":3}\n');
    expect(await ran("get", "boxes.v2.example.com", "--field-selector", "spec.width=3", "-o", "name")).toBe("box.example.com/old\n");
    await ran("patch", "boxes.v2.example.com", "old", "--type=merge", "-p", '{"spec":{"width":9}}');
    expect(await read("v1")).toContain('old{"color":"grey","size":"9x4"}');
    await applied(
      "{apiVersion: example.com/v2, kind: Box, metadata: {name: old}, spec: {height: 8}}",
      "--server-side",
      "--force-conflicts",
    );
    expect(await read("v1")).toContain('old{"color":"grey","size":"9x8"}');
    // The storage version changes; what is stored in the old one is still served in both.
    await applied(boxes("v2", webhook));
    await eventually(async () =>
      expect(await ran("get", "crd", "boxes.example.com", "-o", "jsonpath={.status.storedVersions}")).toBe('["v1","v2"]'),
    );
    await eventually(async () =>
      expect(await read("v2")).toBe('new{"color":"grey","height":6,"width":5}\nold{"color":"grey","height":8,"width":9}\n'),
    );
    expect(await read("v1")).toContain('old{"color":"grey","size":"9x8"}');
    await ran("label", "box", "old", "touched=yes");
    expect(await read("v1")).toContain('old{"color":"grey","size":"9x8"}');
  });

  it("is quoted when it fails", async () => {
    isBroken = true;
    const output = await kubectl.start(["get", "boxes.v1.example.com", "new", "-o", "yaml"]);
    // What was converted before may be served from memory; a write has to ask.
    const write = await kubectl.start(["patch", "boxes.v1.example.com", "new", "--type=merge", "-p", '{"spec":{"size":"1x1"}}']);
    expect(write.stderr).toContain("conversion webhook for example.com/v1, Kind=Box failed: cannot convert today");
    expect([0, 1]).toContain(output.code);
    isBroken = false;
    await ran("patch", "boxes.v1.example.com", "new", "--type=merge", "-p", '{"spec":{"size":"1x1"}}');
    await ran("delete", "crd", "boxes.example.com", "--timeout=30s");
  });
});

function boxes(storage: string, { url, caBundle }: WebhookServer): string {
  const version = (name: string, fields: string, more = ""): string => `
  - name: ${name}
    served: true
    storage: ${storage === name}
    ${more}
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {color: {type: string, default: grey}, ${fields}}}}}}`;
  return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boxes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: boxes, singular: box, kind: Box}
  conversion:
    strategy: Webhook
    webhook: {conversionReviewVersions: [v1], clientConfig: {url: ${url}/convert, caBundle: ${caBundle}}}
  versions:
${version("v1", "size: {type: string}")}
${version("v2", "width: {type: integer}, height: {type: integer}", "selectableFields: [{jsonPath: .spec.width}]")}
`;
}

function crd(plural: string, kind: string, schema: string, more = ""): string {
  return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.rules.example.com}
spec:
  group: rules.example.com
  scope: Namespaced
  names: {plural: ${plural}, singular: ${kind.toLowerCase()}, kind: ${kind}}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    ${more}
    schema:
      openAPIV3Schema:
        type: object
        ${schema}
`;
}

describe("rules", () => {
  const plans = crd(
    "plans",
    "Plan",
    `
        x-kubernetes-validations:
        - {rule: "self.metadata.name.startsWith('p')", message: "names begin with p"}
        properties:
          spec:
            type: object
            required: [min, max]
            x-kubernetes-validations:
            - {rule: "self.min <= self.max", messageExpression: "'min %d is more than max %d'.format([self.min, self.max])", fieldPath: ".min", reason: FieldValueInvalid}
            - {rule: "self.tier == oldSelf.tier || oldSelf.tier == 'free'", message: "the tier is final"}
            properties:
              min: {type: integer}
              max: {type: integer}
              tier: {type: string, default: free, enum: [free, paid]}
              key:
                type: string
                maxLength: 20
                x-kubernetes-validations:
                - {rule: "!oldSelf.hasValue() || self == oldSelf.value()", optionalOldSelf: true, message: "is immutable", reason: FieldValueForbidden}
              hosts:
                type: array
                maxItems: 10
                items: {type: string, maxLength: 60}
                x-kubernetes-validations:
                - {rule: "self.all(h, isURL(h) && url(h).getScheme() == 'https')", message: "hosts must be https"}`,
  );
  const plan = (name: string, spec: string): string =>
    `{apiVersion: rules.example.com/v1, kind: Plan, metadata: {name: ${name}}, spec: {${spec}}}`;

  beforeAll(() => {
    apply(plans);
    establish("plans.rules.example.com");
  });

  it("hold on creation", () => {
    apply(plan("p1", "min: 1, max: 2, key: a, hosts: ['https://a.example']"));
    expect(refusal(plan("p2", "min: 3, max: 2"))).toContain('The Plan "p2" is invalid: spec.min: Invalid value: min 3 is more than max 2');
    expect(refusal(plan("x", "min: 1, max: 2"))).toContain('The Plan "x" is invalid: <nil>: Invalid value: names begin with p');
    expect(refusal(plan("p3", "min: 1, max: 2, hosts: ['http://a']"))).toContain("spec.hosts: Invalid value: hosts must be https");
    expect(refusal(plan("p4", "min: a, max: 2"), "--validate=false")).toContain(
      "some validation rules were not checked because the object was invalid",
    );
  });

  it("compare with what was", () => {
    expect(refusal(plan("p1", "min: 1, max: 2, key: b"))).toContain("spec.key: Forbidden: is immutable");
    kubectl.run("patch", "plan", "p1", "--type=merge", "-p", '{"spec":{"tier":"paid"}}');
    const back = kubectl.try(["patch", "plan", "p1", "--type=merge", "-p", '{"spec":{"tier":"free"}}']);
    expect(back.stderr).toContain("spec: Invalid value: the tier is final");
  });

  it("that do not compile are refused with the definition", () => {
    const text = refusal(
      crd(
        "bads",
        "Bad",
        'properties: {spec: {type: object, properties: {a: {type: integer}}, x-kubernetes-validations: [{rule: "self.b > 1"}, {rule: "self.a + 1"}, {rule: "self.a =="}]}}',
      ),
    );
    expect(text).toContain("x-kubernetes-validations[0].rule: Invalid value:");
    expect(text).toContain("undefined field 'b'");
    expect(text).toContain("cel expression must evaluate to a bool");
    expect(text).toContain("Syntax error");
  });

  it("that may cost too much are refused with the definition", () => {
    const text = refusal(
      crd(
        "dears",
        "Dear",
        'properties: {spec: {type: object, properties: {l: {type: array, items: {type: string}}}, x-kubernetes-validations: [{rule: "self.l.all(a, self.l.all(b, a == b))"}]}}',
      ),
    );
    expect(text).toMatch(/estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule/);
  });

  it("that come later leave alone what was there before", () => {
    const loose = crd("notes", "Note", "properties: {spec: {type: object, properties: {text: {type: string}, n: {type: integer}}}}");
    const strict = crd(
      "notes",
      "Note",
      'properties: {spec: {type: object, properties: {text: {type: string, maxLength: 3, x-kubernetes-validations: [{rule: "self != \'long\'", message: "too long"}]}, n: {type: integer}}}}',
    );
    apply(loose);
    establish("notes.rules.example.com");
    const note = (spec: string): string => `{apiVersion: rules.example.com/v1, kind: Note, metadata: {name: note}, spec: {${spec}}}`;
    apply(note("text: long"));
    apply(strict);
    apply(note("text: long, n: 1"));
    expect(refusal(note("text: longer, n: 1"))).toContain("spec.text: Too long: may not be more than 3 bytes");
  });
});

describe("definitions", () => {
  it("wait when their names are taken, and get them when they are free", async () => {
    apply(crd("firsts", "First", "properties: {}").replace("kind: First", "kind: First, shortNames: [shared]"));
    establish("firsts.rules.example.com");
    apply(crd("seconds", "Second", "properties: {}").replace("kind: Second", "kind: Second, shortNames: [shared]"));
    kubectl.run("wait", "--for=condition=NamesAccepted=false", "crd/seconds.rules.example.com", "--timeout=30s");
    kubectl.run("delete", "crd", "firsts.rules.example.com");
    kubectl.run("wait", "--for=condition=Established", "crd/seconds.rules.example.com", "--timeout=30s");
    await eventually(() => expect(kubectl.run("get", "shared")).toBe(""));
  });

  it("give defaults to what was stored before they had any", async () => {
    apply(crd("drawers", "Drawer", "properties: {spec: {type: object, properties: {a: {type: string}}}}"));
    establish("drawers.rules.example.com");
    apply("{apiVersion: rules.example.com/v1, kind: Drawer, metadata: {name: d}, spec: {a: x}}");
    apply(crd("drawers", "Drawer", "properties: {spec: {type: object, properties: {b: {type: integer, default: 7}}}}"));
    await eventually(() => expect(kubectl.run("get", "drawer", "d", "-o", "jsonpath={.spec}")).toBe('{"b":7}'));
  });
});
