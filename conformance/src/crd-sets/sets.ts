/**
 * Sets of CustomResourceDefinitions of the shapes that well-known projects install: their size, their depth, and what they make use of.
 * The kinds are made up.
 */
import { definition, type Version } from "./definition.ts";
import {
  anything,
  conditions,
  dictionary,
  fields,
  flag,
  integer,
  intOrString,
  keyedList,
  labelSelector,
  list,
  podTemplate,
  quantity,
  rules,
  text,
  type JsonSchema,
} from "./schema.ts";

/** How to try a kind: an object, and what must be said of it. */
export interface Trial {
  readonly resource: string;
  readonly object: Manifest;
  /** A header that `kubectl get` prints, and cells of the object. */
  readonly columns: readonly string[];
  readonly cells: readonly string[];
  /** A path for `kubectl explain`, and what it prints. */
  readonly explain: readonly [path: string, text: string];
  /** Changes that are refused, and why. */
  readonly refused?: readonly (readonly [patch: object, message: string])[];
  /** A change that is welcome. */
  readonly welcome?: object;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  readonly spec?: object;
}

export interface CrdSet {
  readonly name: string;
  readonly definitions: readonly object[];
  readonly trials: readonly Trial[];
  /** One of the definitions does not fit into the annotation of client-side apply. */
  readonly isTooLargeForClientSideApply?: boolean;
}

const ready = { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' };

/** Certificates and their issuers: secrets by reference, templates of pods deep down, selectable fields. */
function certificates(): CrdSet {
  const group = "certs.shapes.example.com";
  const issuerRef = fields(
    { name: text(), kind: text({ default: "Issuer" }), group: text() },
    {
      required: ["name"],
      ...rules({ rule: "self == oldSelf || self.name != ''", message: "an issuer must have a name" }),
    },
  );
  const spec = fields(
    {
      secretName: text({ minLength: 1, maxLength: 253 }),
      issuerRef,
      dnsNames: list(text({ maxLength: 253 }), { maxItems: 100, "x-kubernetes-list-type": "atomic" }),
      duration: text({ format: "duration" }),
      renewBefore: text({ format: "duration" }),
      usages: list(text({ enum: ["signing", "server auth", "client auth"] }), { "x-kubernetes-list-type": "atomic" }),
      privateKey: fields({
        algorithm: text({ enum: ["RSA", "ECDSA", "Ed25519"], default: "RSA" }),
        size: { type: "integer" },
        rotationPolicy: text({ enum: ["Never", "Always"] }),
      }),
    },
    {
      required: ["issuerRef", "secretName"],
      ...rules(
        {
          rule: "!has(self.duration) || !has(self.renewBefore) || self.renewBefore < self.duration",
          messageExpression: "'renewal %s before the end of %s'.format([string(self.renewBefore), string(self.duration)])",
          fieldPath: ".renewBefore",
        },
        { rule: "!has(self.dnsNames) || self.dnsNames.all(name, !name.contains('_'))", message: "names have no underscores" },
      ),
    },
  );
  const solver = fields({ selector: labelSelector, http01: fields({ ingress: fields({ className: text(), podTemplate }) }) });
  const issuer = fields({
    acme: fields({ server: text(), email: text(), solvers: list(solver) }, { required: ["server"] }),
    selfSigned: fields({}),
  });
  const certificate: Version = {
    name: "v1",
    spec,
    columns: [ready, { name: "Secret", type: "string", jsonPath: ".spec.secretName" }],
    selectableFields: [".spec.issuerRef.name", ".spec.issuerRef.kind"],
  };
  return {
    name: "certificates",
    definitions: [
      definition({
        group,
        kind: "Certificate",
        plural: "certificates",
        shortNames: ["crt"],
        categories: ["certs"],
        versions: [certificate],
      }),
      definition({ group, kind: "Issuer", plural: "issuers", versions: [{ name: "v1", spec: issuer, columns: [ready] }] }),
      definition({ group, kind: "ClusterIssuer", plural: "clusterissuers", scope: "Cluster", versions: [{ name: "v1", spec: issuer }] }),
    ],
    trials: [
      {
        resource: `certificates.${group}`,
        object: {
          apiVersion: `${group}/v1`,
          kind: "Certificate",
          metadata: { name: "web" },
          spec: { secretName: "web-tls", issuerRef: { name: "ours" }, duration: "2160h", renewBefore: "360h", dnsNames: ["a.example"] },
        },
        columns: ["NAME", "READY", "SECRET", "AGE"],
        cells: ["web", "web-tls"],
        explain: ["certificate.spec.privateKey.algorithm", "RSA"],
        refused: [
          [{ spec: { renewBefore: "9999h" } }, "spec.renewBefore: Invalid value: renewal 35996400s before the end of 7776000s"],
          [{ spec: { dnsNames: ["a_b"] } }, "spec: Invalid value: names have no underscores"],
          [{ spec: { privateKey: { algorithm: "DSA" } } }, 'Unsupported value: "DSA": supported values: "RSA", "ECDSA", "Ed25519"'],
        ],
        welcome: { spec: { privateKey: { size: 4096 } } },
      },
    ],
  };
}

/** Routes to services: many rules over bounded lists, two versions of one shape, immutable fields. */
function gateways(): CrdSet {
  const group = "routes.shapes.example.com";
  const name = text({ minLength: 1, maxLength: 253, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" });
  const port = integer({ minimum: 1, maximum: 65_535 });
  const listener = fields(
    {
      name,
      hostname: name,
      port,
      protocol: text({ minLength: 1, maxLength: 255 }),
      tls: fields({
        mode: text({ enum: ["Terminate", "Passthrough"], default: "Terminate" }),
        certificateRefs: list(fields({ name }), { maxItems: 64 }),
      }),
    },
    { required: ["name", "port", "protocol"] },
  );
  const gatewaySpec = fields(
    {
      gatewayClassName: text({ minLength: 1, maxLength: 253, ...rules({ rule: "self == oldSelf", message: "the class is final" }) }),
      listeners: keyedList(listener, ["name"], {
        minItems: 1,
        maxItems: 64,
        ...rules(
          {
            rule: "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
            message: "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
          },
          { rule: "self.all(l1, self.exists_one(l2, l1.name == l2.name))", message: "Listener name must be unique within the Gateway" },
          {
            rule: "self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))",
            message: "Combination of port, protocol and hostname must be unique for each listener",
          },
        ),
      }),
    },
    { required: ["gatewayClassName", "listeners"] },
  );
  const match = fields({
    path: fields(
      {
        type: text({ enum: ["Exact", "PathPrefix", "RegularExpression"], default: "PathPrefix" }),
        value: text({ maxLength: 1024, default: "/" }),
      },
      {
        default: { type: "PathPrefix", value: "/" },
        ...rules(
          {
            rule: "(self.type in ['Exact','PathPrefix']) ? self.value.startsWith('/') : true",
            message: "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
          },
          {
            rule: "(self.type in ['Exact','PathPrefix']) ? !self.value.contains('//') : true",
            message: "must not contain '//' when type one of ['Exact', 'PathPrefix']",
          },
        ),
      },
    ),
    method: text({ enum: ["GET", "HEAD", "POST", "PUT", "DELETE"] }),
    headers: keyedList(fields({ name, value: text({ maxLength: 4096 }) }, { required: ["name", "value"] }), ["name"], { maxItems: 16 }),
  });
  const backend = fields(
    { name, port, kind: text({ default: "Service", maxLength: 63 }), weight: integer({ default: 1, minimum: 0, maximum: 1_000_000 }) },
    {
      required: ["name"],
      ...rules({ rule: "self.kind == 'Service' ? has(self.port) : true", message: "Must have port for Service reference" }),
    },
  );
  const routeRule = fields(
    {
      matches: list(match, { maxItems: 8 }),
      backendRefs: list(backend, { maxItems: 16 }),
      timeouts: fields({
        request: text({ pattern: "^([0-9]{1,5}(h|m|s|ms)){1,4}$" }),
        backendRequest: text({ pattern: "^([0-9]{1,5}(h|m|s|ms)){1,4}$" }),
      }),
    },
    {
      ...rules({
        rule: "!has(self.timeouts) || !(has(self.timeouts.request) && has(self.timeouts.backendRequest)) || duration(self.timeouts.request) >= duration(self.timeouts.backendRequest)",
        message: "backendRequest timeout cannot be longer than request timeout",
      }),
    },
  );
  const routeSpec = fields({
    parentRefs: list(fields({ name, sectionName: name }, { required: ["name"] }), {
      maxItems: 32,
      ...rules({
        rule: "self.all(p1, self.exists_one(p2, p1.name == p2.name && (has(p1.sectionName) ? p1.sectionName : '') == (has(p2.sectionName) ? p2.sectionName : '')))",
        message: "parents must be unique",
      }),
    }),
    hostnames: list(name, { maxItems: 16 }),
    rules: list(routeRule, {
      maxItems: 16,
      ...rules({ rule: "self.map(r, has(r.matches) ? r.matches.size() : 0).sum() <= 64", message: "no more than 64 matches" }),
    }),
  });
  const both = (spec: JsonSchema, columns: Version["columns"] = []): Version[] =>
    ["v1beta1", "v1"].map((version) => ({ name: version, spec, columns }));
  return {
    name: "gateways",
    definitions: [
      definition({
        group,
        kind: "Gateway",
        plural: "gateways",
        shortNames: ["gtw"],
        categories: ["routing"],
        versions: both(gatewaySpec, [{ name: "Class", type: "string", jsonPath: ".spec.gatewayClassName" }]),
      }),
      definition({
        group,
        kind: "WebRoute",
        plural: "webroutes",
        versions: both(routeSpec, [{ name: "Hostnames", type: "string", jsonPath: ".spec.hostnames" }]),
      }),
    ],
    trials: [
      {
        resource: `gateways.${group}`,
        object: {
          apiVersion: `${group}/v1`,
          kind: "Gateway",
          metadata: { name: "edge" },
          spec: { gatewayClassName: "fast", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
        },
        columns: ["NAME", "CLASS", "AGE"],
        cells: ["edge", "fast"],
        explain: ["gateway.spec.listeners.tls.mode", "Terminate"],
        refused: [
          [{ spec: { gatewayClassName: "slow" } }, 'spec.gatewayClassName: Invalid value: "slow": the class is final'],
          [
            { spec: { listeners: [{ name: "http", port: 80, protocol: "HTTP", tls: {} }] } },
            "spec.listeners: Invalid value: tls must not be specified",
          ],
          [
            {
              spec: {
                listeners: [
                  { name: "a", port: 80, protocol: "HTTP" },
                  { name: "b", port: 80, protocol: "HTTP" },
                ],
              },
            },
            "Combination of port, protocol and hostname must be unique",
          ],
          [{ spec: { listeners: [] } }, "spec.listeners in body should have at least 1 items"],
        ],
        welcome: { spec: { listeners: [{ name: "http", port: 80, protocol: "HTTP", hostname: "a.example" }] } },
      },
      {
        resource: `webroutes.${group}`,
        object: {
          apiVersion: `${group}/v1beta1`,
          kind: "WebRoute",
          metadata: { name: "shop" },
          spec: {
            hostnames: ["shop.example"],
            parentRefs: [{ name: "edge" }],
            rules: [{ matches: [{ method: "GET" }], backendRefs: [{ name: "shop", port: 80 }] }],
          },
        },
        columns: ["NAME", "HOSTNAMES", "AGE"],
        cells: ["shop", '["shop.example"]'],
        explain: ["webroute.spec.rules.matches.path.type", "PathPrefix"],
        refused: [
          [{ spec: { rules: [{ matches: [{ path: { value: "a" } }] }] } }, "value must be an absolute path"],
          [
            { spec: { rules: [{ backendRefs: [{ name: "shop" }] }] } },
            "spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference",
          ],
          [
            { spec: { rules: [{ timeouts: { request: "1s", backendRequest: "2s" } }] } },
            "backendRequest timeout cannot be longer than request timeout",
          ],
          [{ spec: { parentRefs: [{ name: "edge" }, { name: "edge" }] } }, "spec.parentRefs: Invalid value: parents must be unique"],
        ],
      },
    ],
  };
}

/** Services that scale to nothing: templates that are kept as they are, several versions, columns of conditions. */
function serving(): CrdSet {
  const group = "serving.shapes.example.com";
  const spec = fields({
    template: fields({
      metadata: fields({ annotations: dictionary(), labels: dictionary(), name: text() }),
      spec: { ...anything, required: ["containers"], properties: { containers: list(anything) } },
    }),
    traffic: list(fields({ latestRevision: flag, percent: { type: "integer", format: "int64" }, revisionName: text(), tag: text() })),
  });
  const status = fields(
    { conditions, url: text(), observedGeneration: { type: "integer", format: "int64" } },
    { "x-kubernetes-preserve-unknown-fields": true },
  );
  const columns = [
    { name: "URL", type: "string", jsonPath: ".status.url" },
    ready,
    { name: "Reason", type: "string", jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
  ];
  const versions: Version[] = [
    { name: "v1alpha1", spec: anything, status: anything, isDeprecated: true },
    { name: "v1beta1", spec, status, columns },
    { name: "v1", spec, status, columns },
  ];
  return {
    name: "serving",
    definitions: ["Service", "Route", "Configuration", "Revision"].map((kind) =>
      definition({ group, kind: `${kind}Shape`, plural: `${kind.toLowerCase()}shapes`, categories: ["all", "serving"], versions }),
    ),
    trials: [
      {
        resource: `serviceshapes.${group}`,
        object: {
          apiVersion: `${group}/v1`,
          kind: "ServiceShape",
          metadata: { name: "hello" },
          spec: { template: { spec: { containers: [{ image: "hello", env: [{ name: "A", value: "b" }] }], whatever: { is: ["kept"] } } } },
        },
        columns: ["NAME", "URL", "READY", "REASON", "AGE"],
        cells: ["hello"],
        explain: ["serviceshape.spec.traffic.percent", "integer"],
        refused: [[{ spec: { template: { spec: { containers: null } } } }, "spec.template.spec.containers: Required value"]],
        welcome: { spec: { traffic: [{ latestRevision: true, percent: 100 }] } },
      },
    ],
  };
}

/** Deployments of applications: a schema that repeats itself until it is larger than what client-side apply can remember. */
function applications(): CrdSet {
  const group = "apps.shapes.example.com";
  const source = fields({
    repoURL: text(),
    path: text(),
    targetRevision: text(),
    helm: fields({ parameters: list(fields({ name: text(), value: text(), forceString: flag })), values: text(), valuesObject: anything }),
    kustomize: fields({ images: list(text()), patches: list(fields({ patch: text(), target: fields({ kind: text(), name: text() }) })) }),
    podTemplate,
  });
  const template = fields({
    metadata: fields({ name: text(), finalizers: list(text()) }),
    spec: fields({ project: text(), source, sources: list(source) }),
  });
  const generator = (depth: number): JsonSchema =>
    fields({
      list: fields({ elements: list({ "x-kubernetes-preserve-unknown-fields": true }), template }),
      git: fields({ repoURL: text(), directories: list(fields({ path: text(), exclude: flag })), template }),
      ...(depth > 0
        ? {
            matrix: fields({ generators: list(generator(depth - 1)), template }),
            merge: fields({ generators: list(generator(depth - 1)), mergeKeys: list(text()) }),
          }
        : {}),
    });
  return {
    name: "applications",
    isTooLargeForClientSideApply: true,
    definitions: [
      definition({
        group,
        kind: "ApplicationShapeSet",
        plural: "applicationshapesets",
        shortNames: ["appshapes"],
        versions: [
          { name: "v1alpha1", spec: fields({ generators: list(generator(1)), template }, { required: ["generators", "template"] }) },
        ],
      }),
    ],
    trials: [
      {
        resource: `applicationshapesets.${group}`,
        object: {
          apiVersion: `${group}/v1alpha1`,
          kind: "ApplicationShapeSet",
          metadata: { name: "all" },
          spec: {
            generators: [{ list: { elements: [{ cluster: "a", any: { thing: 1 } }, 3] } }],
            template: { spec: { source: { helm: { valuesObject: { a: { b: 1 } } } } } },
          },
        },
        columns: ["NAME", "AGE"],
        cells: ["all"],
        explain: ["applicationshapeset.spec.generators.matrix.generators.git.directories.exclude", "boolean"],
        refused: [[{ spec: { generators: "all" } }, "spec.generators: Invalid value"]],
      },
    ],
  };
}

/** A mesh: `oneOf` with `not`, three versions of one schema, columns, a status that is kept as it is. */
function mesh(): CrdSet {
  const group = "mesh.shapes.example.com";
  const oneOfFields = (...names: readonly string[]): JsonSchema => ({
    oneOf: [{ not: { anyOf: names.map((name) => ({ required: [name] })) } }, ...names.map((name) => ({ required: [name] }))],
  });
  const stringMatch = fields({ exact: text(), prefix: text(), regex: text() }, oneOfFields("exact", "prefix", "regex"));
  const destination = fields(
    { host: text(), subset: text(), port: fields({ number: { type: "integer", minimum: 0, maximum: 4_294_967_295 } }) },
    { required: ["host"] },
  );
  const http = fields({
    name: text(),
    match: list(fields({ uri: stringMatch, method: stringMatch, headers: dictionary(stringMatch), port: { type: "integer" } })),
    route: list(fields({ destination, weight: integer() }, { required: ["destination"] })),
    timeout: text({ ...rules({ rule: "duration(self) >= duration('1ms')", message: "must be a valid duration greater than 1ms" }) }),
    fault: fields({ delay: fields({ fixedDelay: text(), exponentialDelay: text() }, oneOfFields("fixedDelay", "exponentialDelay")) }),
  });
  const spec = fields({ hosts: list(text()), gateways: list(text()), exportTo: list(text()), http: list(http) });
  const columns = [
    { name: "Gateways", type: "string", jsonPath: ".spec.gateways" },
    { name: "Hosts", type: "string", jsonPath: ".spec.hosts" },
  ];
  return {
    name: "mesh",
    definitions: [
      definition({
        group,
        kind: "VirtualShape",
        plural: "virtualshapes",
        shortNames: ["vshape"],
        categories: ["mesh-io"],
        versions: ["v1alpha3", "v1beta1", "v1"].map((name) => ({ name, spec, status: anything, columns })),
      }),
    ],
    trials: [
      {
        resource: `virtualshapes.${group}`,
        object: {
          apiVersion: `${group}/v1alpha3`,
          kind: "VirtualShape",
          metadata: { name: "reviews" },
          spec: {
            hosts: ["reviews"],
            http: [{ match: [{ uri: { prefix: "/a" } }], route: [{ destination: { host: "reviews" }, weight: 100 }], timeout: "5s" }],
          },
        },
        columns: ["NAME", "GATEWAYS", "HOSTS", "AGE"],
        cells: ["reviews", '["reviews"]'],
        explain: ["virtualshape.spec.http.match.uri.exact", "string"],
        refused: [
          [{ spec: { http: [{ timeout: "0s" }] } }, "must be a valid duration greater than 1ms"],
          [{ spec: { http: [{ match: [{ uri: { exact: "a", prefix: "b" } }] }] } }, "must validate one and only one schema (oneOf)"],
        ],
      },
    ],
  };
}

/** Monitors: quantities, numbers or words, embedded metadata, a scale subresource. */
function monitoring(): CrdSet {
  const group = "monitoring.shapes.example.com";
  const duration = text({ pattern: "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$" });
  const spec = fields({
    replicas: integer({ default: 1 }),
    shards: integer(),
    retention: duration,
    retentionSize: text({ pattern: "(^0|([0-9]*[.])?[0-9]+((K|M|G|T|E|P)i?)?B)$" }),
    externalLabels: dictionary(),
    resources: fields({ limits: dictionary(quantity), requests: dictionary(quantity) }),
    serviceMonitorSelector: labelSelector,
    podMetadata: fields({ annotations: dictionary(), labels: dictionary(), name: text() }),
    storage: fields({
      volumeClaimTemplate: fields({
        apiVersion: text(),
        kind: text(),
        metadata: fields({ labels: dictionary(), name: text() }),
        spec: fields({ accessModes: list(text()), resources: fields({ requests: dictionary(quantity) }) }),
      }),
    }),
    containers: podTemplate,
  });
  const endpoint = fields({
    port: text(),
    targetPort: intOrString,
    interval: duration,
    scheme: text({ enum: ["http", "https"] }),
    honorLabels: flag,
  });
  return {
    name: "monitoring",
    definitions: [
      definition({
        group,
        kind: "PrometheusShape",
        plural: "prometheusshapes",
        shortNames: ["promshape"],
        versions: [
          {
            name: "v1",
            spec,
            status: fields({ replicas: integer(), shards: integer(), selector: text(), conditions }),
            scale: { specReplicasPath: ".spec.shards", statusReplicasPath: ".status.shards", labelSelectorPath: ".status.selector" },
            columns: [
              { name: "Desired", type: "integer", jsonPath: ".spec.replicas" },
              { name: "Retention", type: "string", jsonPath: ".spec.retention", priority: 1 },
            ],
          },
        ],
      }),
      definition({
        group,
        kind: "ServiceMonitorShape",
        plural: "servicemonitorshapes",
        versions: [
          { name: "v1", spec: fields({ endpoints: list(endpoint), selector: labelSelector }, { required: ["endpoints", "selector"] }) },
        ],
      }),
    ],
    trials: [
      {
        resource: `prometheusshapes.${group}`,
        object: {
          apiVersion: `${group}/v1`,
          kind: "PrometheusShape",
          metadata: { name: "k8s" },
          spec: { shards: 2, retention: "15d", resources: { requests: { memory: "400Mi", cpu: 1 } } },
        },
        columns: ["NAME", "DESIRED", "AGE"],
        cells: ["k8s", "1"],
        explain: ["prometheusshape.spec.resources.requests", "map"],
        refused: [
          [{ spec: { retention: "two weeks" } }, "spec.retention in body should match"],
          [{ spec: { resources: { requests: { memory: "lots" } } } }, "spec.resources.requests.memory in body should match"],
          [{ spec: { resources: { requests: { memory: true } } } }, "spec.resources.requests.memory"],
        ],
        welcome: { spec: { resources: { requests: { memory: "1Gi" } } } },
      },
    ],
  };
}

/** Pipelines: whatever a field holds is kept, in two versions that differ. */
function pipelines(): CrdSet {
  const group = "pipelines.shapes.example.com";
  const whatever: JsonSchema = { "x-kubernetes-preserve-unknown-fields": true };
  const columns = [
    { name: "Succeeded", type: "string", jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
    { name: "StartTime", type: "date", jsonPath: ".status.startTime" },
  ];
  const param = fields({ name: text(), value: whatever, type: text() }, { required: ["name"] });
  const typed = fields({
    params: list(param, { "x-kubernetes-list-type": "atomic" }),
    steps: list(fields({ name: text(), image: text(), script: text(), computeResources: anything })),
  });
  return {
    name: "pipelines",
    definitions: ["Task", "TaskRun", "Pipeline", "PipelineRun"].map((kind) =>
      definition({
        group,
        kind: `${kind}Shape`,
        plural: `${kind.toLowerCase()}shapes`,
        categories: ["pipelines"],
        versions: [
          { name: "v1beta1", spec: anything, status: anything, columns },
          { name: "v1", spec: typed, status: anything, columns },
        ],
      }),
    ),
    trials: [
      {
        resource: `taskshapes.${group}`,
        object: {
          apiVersion: `${group}/v1`,
          kind: "TaskShape",
          metadata: { name: "build" },
          spec: {
            params: [
              { name: "a", value: ["x"] },
              { name: "b", value: { c: 1 } },
            ],
            steps: [{ name: "s", image: "i", computeResources: { limits: { cpu: "1" } } }],
          },
        },
        columns: ["NAME", "SUCCEEDED", "STARTTIME", "AGE"],
        cells: ["build"],
        explain: ["taskshape.spec.steps.script", "string"],
        refused: [[{ spec: { params: [{ value: 1 }] } }, "spec.params[0].name: Required value"]],
      },
    ],
  };
}

/** Compositions of resources: embedded objects, fields that are final once they are set, rules with optional old values. */
function compositions(): CrdSet {
  const group = "compositions.shapes.example.com";
  const final = rules({ rule: "self == oldSelf", message: "Value is immutable" });
  const embedded: JsonSchema = { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true };
  const spec = fields(
    {
      compositeTypeRef: fields(
        { apiVersion: text({ maxLength: 300, ...final }), kind: text({ maxLength: 63, ...final }) },
        { required: ["apiVersion", "kind"] },
      ),
      mode: text({ enum: ["Resources", "Pipeline"], default: "Pipeline" }),
      resources: list(
        fields(
          {
            name: text({ maxLength: 63 }),
            base: embedded,
            patches: list(fields({ type: text(), fromFieldPath: text(), toFieldPath: text() })),
          },
          { required: ["base"] },
        ),
        { maxItems: 50 },
      ),
      deletionPolicy: text({
        enum: ["Orphan", "Delete"],
        ...rules({
          rule: "!oldSelf.hasValue() || self == oldSelf.value() || self == 'Orphan'",
          optionalOldSelf: true,
          message: "may only become Orphan",
          reason: "FieldValueForbidden",
        }),
      }),
      writeConnectionSecretsToNamespace: text({ maxLength: 63 }),
    },
    {
      required: ["compositeTypeRef"],
      ...rules(
        {
          rule: "self.mode == 'Resources' ? has(self.resources) && self.resources.size() > 0 : true",
          message: "resources are needed in this mode",
        },
        {
          rule: "!has(oldSelf.writeConnectionSecretsToNamespace) || has(self.writeConnectionSecretsToNamespace)",
          message: "the namespace cannot be taken away",
        },
      ),
    },
  );
  return {
    name: "compositions",
    definitions: [
      definition({
        group,
        kind: "CompositionShape",
        plural: "compositionshapes",
        shortNames: ["compshape"],
        scope: "Cluster",
        versions: [{ name: "v1", spec, columns: [{ name: "XR-Kind", type: "string", jsonPath: ".spec.compositeTypeRef.kind" }] }],
      }),
    ],
    trials: [
      {
        resource: `compositionshapes.${group}`,
        object: {
          apiVersion: `${group}/v1`,
          kind: "CompositionShape",
          metadata: { name: "db" },
          spec: {
            compositeTypeRef: { apiVersion: "example.com/v1", kind: "Database" },
            mode: "Resources",
            deletionPolicy: "Delete",
            writeConnectionSecretsToNamespace: "secrets",
            resources: [{ name: "cm", base: { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } } }],
          },
        },
        columns: ["NAME", "XR-KIND", "AGE"],
        cells: ["db", "Database"],
        explain: ["compositionshape.spec.compositeTypeRef.kind", "string"],
        refused: [
          [{ spec: { compositeTypeRef: { kind: "Other" } } }, 'spec.compositeTypeRef.kind: Invalid value: "Other": Value is immutable'],
          [{ spec: { resources: [] } }, "spec: Invalid value: resources are needed in this mode"],
          [{ spec: { writeConnectionSecretsToNamespace: null } }, "the namespace cannot be taken away"],
          [{ spec: { resources: [{ base: { apiVersion: "v1" } }] } }, "spec.resources[0].base.kind: Required value"],
        ],
        welcome: { spec: { deletionPolicy: "Orphan" } },
      },
    ],
  };
}

export const crdSets: readonly CrdSet[] = [
  certificates(),
  gateways(),
  serving(),
  applications(),
  mesh(),
  monitoring(),
  pipelines(),
  compositions(),
];
