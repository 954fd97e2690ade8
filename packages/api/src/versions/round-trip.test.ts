import {
  cloneJson,
  formatApiVersion,
  gvkOf,
  prune,
  type ResourceDefinition,
  type ResourceVersionDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtInDefinitions } from "../builtin/definitions.ts";
import { declarations } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { objectAt, objectsAt, type Fields } from "./fields.ts";
import { arbitraryObject } from "./testing-arbitrary.ts";

const definitions = builtInDefinitions();
const retired = definitions.flatMap((definition) =>
  definition.versions
    .filter(({ deprecationWarning, convert }) => deprecationWarning !== undefined && convert !== undefined)
    .map((version) => [`${formatApiVersion(definition.group, version.version)} ${definition.kind}`, definition, version] as const),
);

type Change = (object: Fields) => void;

const eachBackend =
  (change: Change): Change =>
  (object) => {
    const paths = objectsAt(object, "spec", "rules").flatMap((rule) => objectsAt(rule, "http", "paths"));
    for (const owner of [...paths, objectAt(object, "spec")])
      for (const name of ["backend", "defaultBackend"]) change(objectAt(owner, name) ?? {});
  };

const eachMetric =
  (change: (source: Fields, kind: string) => void): Change =>
  (object) => {
    for (const metric of [...objectsAt(object, "spec", "metrics"), ...objectsAt(object, "status", "currentMetrics")])
      for (const kind of ["resource", "containerResource", "pods", "object", "external"]) change(objectAt(metric, kind) ?? {}, kind);
  };

/** Brings random objects of a retired version into the form that the API gives them: with what upstream's conversion always writes. */
const asServed: Readonly<Record<string, Change>> = {
  "apiextensions.k8s.io/v1beta1 CustomResourceDefinition": (object) => {
    const spec = objectAt(object, "spec") as Fields;
    const versions = [{ name: "v2" }, { name: "v1", served: true, storage: true }];
    const preserveUnknownFields = spec["preserveUnknownFields"] === true;
    Object.assign(spec, {
      preserveUnknownFields,
      version: "v2",
      versions: versions.map((version) => ({ served: true, storage: false, ...version })),
    });
  },
  "discovery.k8s.io/v1beta1 EndpointSlice": (object) => {
    for (const endpoint of objectsAt(object, "endpoints"))
      if (endpoint["nodeName"] !== undefined)
        endpoint["topology"] = { "kubernetes.io/hostname": endpoint["nodeName"], ...objectAt(endpoint, "topology") };
  },
  "flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfiguration": (object) => {
    const limited = objectAt(object, "spec", "limited");
    if (limited !== undefined) limited["nominalConcurrencyShares"] ||= 30;
  },
  "rbac.authorization.k8s.io/v1alpha1 ClusterRoleBinding": nameUsers,
  "rbac.authorization.k8s.io/v1alpha1 RoleBinding": nameUsers,
  "autoscaling/v2beta1 HorizontalPodAutoscaler": eachMetric((source, kind) => {
    // One target for each metric.
    for (const name of kind === "object" ? ["averageValue"] : ["targetAverageUtilization", "targetValue"]) delete source[name];
  }),
  "networking.k8s.io/v1beta1 Ingress": eachBackend((backend) => void (backend["servicePort"] ??= 0)),
  "extensions/v1beta1 Ingress": eachBackend((backend) => void (backend["servicePort"] ??= 0)),
};

function nameUsers(object: Fields): void {
  for (const subject of objectsAt(object, "subjects"))
    Object.assign(subject, { kind: "User", apiVersion: "rbac.authorization.k8s.io/v1alpha1" });
}

const onePort = eachBackend((backend) => {
  const service = objectAt(backend, "service");
  if (service === undefined) return;
  const { name, number } = objectAt(service, "port") ?? {};
  service["port"] = name !== undefined ? { name } : number === undefined ? {} : { number };
});

/** The one value that a metric of `v2beta1` can have, by the kind of metric. */
const oneValue = eachMetric((source, kind) => {
  const name = kind === "external" ? "value" : "averageValue";
  if (source["target"] !== undefined) source["target"] = { type: name === "value" ? "Value" : "AverageValue", [name]: "1" };
  if (source["current"] !== undefined) source["current"] = { [name]: "1" };
});

/**
 * Brings random objects of the stored version into a form that the retired version can say; the rest is lost to a client that writes
 * back what it read. As upstream.
 */
const sayable: Readonly<Record<string, Change>> = {
  "autoscaling/v2beta1 HorizontalPodAutoscaler": oneValue,
  "autoscaling/v2beta2 HorizontalPodAutoscaler": (object) => {
    for (const rules of Object.values(objectAt(object, "spec", "behavior") ?? {})) delete (rules as Fields)["tolerance"];
  },
  "batch/v2alpha1 CronJob": (object) => {
    delete objectAt(object, "spec")?.["timeZone"];
    delete objectAt(object, "status")?.["lastSuccessfulTime"];
  },
  "networking.k8s.io/v1beta1 Ingress": onePort,
  "extensions/v1beta1 Ingress": onePort,
};

function arbitraryOf(schema: Parameters<typeof arbitraryObject>[0], apiVersion: string, kind: string, change: Change | undefined) {
  return arbitraryObject(schema, { apiVersion, kind }).map((object) => {
    change?.(object);
    return object as UnstructuredObject;
  });
}

function storedKindOf(definition: ResourceDefinition): { apiVersion: string; type: string } {
  const kinds = declarations().kinds.filter(
    ({ k, ep, p }) => k === definition.kind && (ep ?? "") === definition.storagePath && p === definition.resource,
  );
  const stored = kinds.find(({ v, sv, sg }) => v === sv && sg === undefined) ?? kinds[0];
  if (stored === undefined) return { apiVersion: "policy/v1beta1", type: "policy/v1beta1.PodSecurityPolicy" };
  return { apiVersion: formatApiVersion(stored.g, stored.v), type: stored.t };
}

describe.each(retired)("%s", (name, definition, version) => {
  const convert = version.convert as NonNullable<ResourceVersionDefinition["convert"]>;
  const { apiVersion, type } = storedKindOf(definition);

  test("loses nothing when it is stored", () => {
    const objects = arbitraryOf(version.schema, formatApiVersion(definition.group, version.version), definition.kind, asServed[name]);
    fc.assert(
      fc.property(objects, (object) => {
        const before = cloneJson(object);
        const stored = convert.toStorage(object);
        expect(object).toEqual(before);
        expect(gvkOf(stored)).toEqual(gvkOf({ apiVersion, kind: definition.kind }));
        expect(prune(schemaOf(type), cloneJson(stored))).toEqual([]);
        expect(convert.fromStorage(stored)).toEqual(before);
      }),
      { numRuns: 25 },
    );
  });

  test("shows what is stored, and brings it back", () => {
    fc.assert(
      fc.property(arbitraryOf(schemaOf(type), apiVersion, definition.kind, sayable[name]), (stored) => {
        const before = cloneJson(stored);
        const shown = convert.fromStorage(stored);
        expect(stored).toEqual(before);
        expect(prune(version.schema, cloneJson(shown))).toEqual([]);
        expect(convert.toStorage(shown)).toEqual(before);
      }),
      { numRuns: 25 },
    );
  });
});
