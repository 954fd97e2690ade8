/** Schemas as generators of CustomResourceDefinitions write them: large, deep, and described at every field. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** Text of a length that documentation has. */
export function prose(subject: string, sentences = 2): string {
  const parts = [
    `${subject} says what the object is for, and is read by the controller only when it changes.`,
    "An empty value means that the default of the installation holds, which may change with its version.",
    "More about it stands in the handbook of the project, together with examples.",
  ];
  return Array.from({ length: sentences }, (_, index) => parts[index % parts.length]).join("\n");
}

export function text(more: JsonSchema = {}): JsonSchema {
  return { type: "string", ...more };
}

export const flag: JsonSchema = { type: "boolean" };

export function integer(more: JsonSchema = {}): JsonSchema {
  return { type: "integer", format: "int32", ...more };
}

export function list(items: JsonSchema, more: JsonSchema = {}): JsonSchema {
  return { type: "array", items, ...more };
}

/** A list whose items are told apart by fields. */
export function keyedList(items: JsonSchema, keys: readonly string[], more: JsonSchema = {}): JsonSchema {
  return list(items, { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, ...more });
}

export function dictionary(values: JsonSchema = text(), more: JsonSchema = {}): JsonSchema {
  return { type: "object", additionalProperties: values, ...more };
}

/** An object of described fields. */
export function fields(properties: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema {
  const described = Object.entries(properties).map(([name, schema]) => [name, { description: prose(name), ...schema }]);
  return { type: "object", properties: Object.fromEntries(described) as JsonSchema, ...more };
}

export function rules(...all: readonly Rule[]): JsonSchema {
  return { "x-kubernetes-validations": all };
}

export const anything: JsonSchema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
export const intOrString: JsonSchema = { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] };
export const quantity: JsonSchema = {
  ...intOrString,
  pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
};

export const labelSelector: JsonSchema = fields(
  {
    matchExpressions: list(
      fields(
        { key: text(), operator: text(), values: list(text(), { "x-kubernetes-list-type": "atomic" }) },
        { required: ["key", "operator"] },
      ),
      { "x-kubernetes-list-type": "atomic" },
    ),
    matchLabels: dictionary(),
  },
  { "x-kubernetes-map-type": "atomic" },
);

/** As every project has them. */
export const conditions: JsonSchema = keyedList(
  fields(
    {
      type: text({
        maxLength: 316,
        pattern: "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
      }),
      status: text({ enum: ["True", "False", "Unknown"] }),
      reason: text({ maxLength: 1024, minLength: 1, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" }),
      message: text({ maxLength: 32_768 }),
      lastTransitionTime: text({ format: "date-time" }),
      observedGeneration: { type: "integer", format: "int64", minimum: 0 },
    },
    { required: ["type", "status", "reason", "message", "lastTransitionTime"] },
  ),
  ["type"],
  { maxItems: 8 },
);

const probe = fields({
  exec: fields({ command: list(text(), { "x-kubernetes-list-type": "atomic" }) }),
  httpGet: fields(
    { host: text(), path: text(), port: intOrString, scheme: text(), httpHeaders: list(fields({ name: text(), value: text() })) },
    { required: ["port"] },
  ),
  tcpSocket: fields({ host: text(), port: intOrString }, { required: ["port"] }),
  grpc: fields({ port: integer(), service: text({ default: "" }) }, { required: ["port"] }),
  ...Object.fromEntries(
    ["failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold", "timeoutSeconds"].map((name) => [name, integer()]),
  ),
});

const resources = fields({
  limits: dictionary(quantity),
  requests: dictionary(quantity),
  claims: keyedList(fields({ name: text(), request: text() }, { required: ["name"] }), ["name"]),
});

const keyRef = fields(
  { key: text(), name: text({ default: "" }), optional: flag },
  { required: ["key"], "x-kubernetes-map-type": "atomic" },
);

const container = fields(
  {
    name: text(),
    image: text(),
    imagePullPolicy: text(),
    workingDir: text(),
    command: list(text(), { "x-kubernetes-list-type": "atomic" }),
    args: list(text(), { "x-kubernetes-list-type": "atomic" }),
    env: keyedList(
      fields({ name: text(), value: text(), valueFrom: fields({ configMapKeyRef: keyRef, secretKeyRef: keyRef }) }, { required: ["name"] }),
      ["name"],
    ),
    ports: keyedList(
      fields(
        { containerPort: integer(), hostPort: integer(), hostIP: text(), name: text(), protocol: text({ default: "TCP" }) },
        { required: ["containerPort"] },
      ),
      ["containerPort", "protocol"],
    ),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    resources,
    volumeMounts: keyedList(
      fields({ mountPath: text(), name: text(), readOnly: flag, subPath: text() }, { required: ["mountPath", "name"] }),
      ["mountPath"],
    ),
    securityContext: fields({
      runAsUser: { type: "integer", format: "int64" },
      runAsNonRoot: flag,
      privileged: flag,
      capabilities: fields({ add: list(text()), drop: list(text()) }),
    }),
  },
  { required: ["name"] },
);

const nodeTerm = fields({
  matchExpressions: list(fields({ key: text(), operator: text(), values: list(text()) }, { required: ["key", "operator"] })),
});

/** The template of a pod, as operators copy it into their schemas. */
export const podTemplate: JsonSchema = fields({
  metadata: fields({ labels: dictionary(), annotations: dictionary() }),
  spec: fields({
    containers: keyedList(container, ["name"]),
    initContainers: keyedList(container, ["name"]),
    nodeSelector: dictionary(text(), { "x-kubernetes-map-type": "atomic" }),
    serviceAccountName: text(),
    tolerations: list(fields({ key: text(), operator: text(), value: text(), effect: text() })),
    affinity: fields({
      nodeAffinity: fields({
        requiredDuringSchedulingIgnoredDuringExecution: fields({ nodeSelectorTerms: list(nodeTerm) }, { required: ["nodeSelectorTerms"] }),
      }),
      podAntiAffinity: fields({
        preferredDuringSchedulingIgnoredDuringExecution: list(
          fields({ weight: integer(), podAffinityTerm: fields({ labelSelector, topologyKey: text() }, { required: ["topologyKey"] }) }),
        ),
      }),
    }),
    volumes: keyedList(
      fields(
        {
          name: text(),
          configMap: fields({ name: text({ default: "" }), optional: flag }),
          secret: fields({ secretName: text() }),
          emptyDir: fields({ medium: text(), sizeLimit: quantity }),
        },
        { required: ["name"] },
      ),
      ["name"],
    ),
  }),
});
