/* eslint-disable */
import { nameRule, pathSegmentErrors, type ResourceStrategy, type UnstructuredObject } from "@coracle/apimachinery";
import { statusStrategy } from "./object-strategy.ts";
const container = (c: any) => {
  c.imagePullPolicy ??= /:latest$|^[^:]+$/.test(c.image ?? "") ? "Always" : "IfNotPresent";
  c.terminationMessagePath ??= "/dev/termination-log";
  c.terminationMessagePolicy ??= "File";
  c.resources ??= {};
  for (const p of c.ports ?? []) p.protocol ??= "TCP";
  for (const k of ["readinessProbe", "livenessProbe", "startupProbe"]) {
    const p = c[k];
    if (p) {
      p.timeoutSeconds ??= 1;
      p.periodSeconds ??= 10;
      p.successThreshold ??= 1;
      p.failureThreshold ??= 3;
      if (p.httpGet) {
        p.httpGet.scheme ??= "HTTP";
        p.httpGet.path ??= "/";
      }
    }
  }
};
const podSpec = (s: any) => {
  if (!s) return;
  s.restartPolicy ??= "Always";
  s.dnsPolicy ??= "ClusterFirst";
  s.terminationGracePeriodSeconds ??= 30;
  s.securityContext ??= {};
  s.schedulerName ??= "default-scheduler";
  for (const c of [...(s.containers ?? []), ...(s.initContainers ?? [])]) container(c);
  for (const v of s.volumes ?? []) {
    for (const k of ["secret", "configMap", "projected", "downwardAPI"]) if (v[k]) v[k].defaultMode ??= 420;
  }
};
const tmpl = (o: any) => podSpec(o.spec?.template?.spec);
export function interim(key: string, base: ResourceStrategy): ResourceStrategy {
  const s: any = { ...base };
  if (key.endsWith("rbac.authorization.k8s.io")) s.validateName = nameRule(pathSegmentErrors);
  if (key === "pods") {
    s.applyDefaults = (o: any) => {
      podSpec(o.spec);
      if (o.spec) o.spec.enableServiceLinks ??= true;
    };
    s.prepareForCreate = (o: any, c: any) => {
      base.prepareForCreate?.(o, c);
      o.status = { phase: "Pending", qosClass: "BestEffort" };
    };
    s.gracePeriodSeconds = (o: any, r: any) =>
      !o.spec.nodeName || ["Succeeded", "Failed"].includes(o.status?.phase) ? 0 : (r ?? o.spec.terminationGracePeriodSeconds ?? 30);
  }
  if (key === "namespaces") {
    s.prepareForCreate = (o: any, c: any) => {
      base.prepareForCreate?.(o, c);
      o.spec = { finalizers: ["kubernetes"] };
      o.status = { phase: "Active" };
      o.metadata.labels = { ...o.metadata.labels, "kubernetes.io/metadata.name": o.metadata.name };
    };
    const up = base.prepareForUpdate;
    s.prepareForUpdate = (o: any, old: any, c: any) => {
      if (c.subresource === "finalize") {
        o.status = old.status;
        return;
      }
      const sp = o.spec;
      up?.(o, old, c);
      if (c.subresource === "") o.spec = old.spec;
      if (o.metadata.deletionTimestamp) o.status = { ...o.status, phase: "Terminating" };
    };
  }
  if (key === "services")
    s.applyDefaults = (o: any) => {
      o.spec ??= {};
      o.spec.type ??= "ClusterIP";
      o.spec.sessionAffinity ??= "None";
      o.spec.internalTrafficPolicy ??= "Cluster";
      if (o.spec.type !== "ClusterIP") o.spec.externalTrafficPolicy ??= "Cluster";
      for (const p of o.spec.ports ?? []) {
        p.protocol ??= "TCP";
        p.targetPort ??= p.port;
      }
    };
  if (key === "deployments.apps")
    s.applyDefaults = (o: any) => {
      const x = o.spec;
      x.replicas ??= 1;
      x.strategy ??= {};
      x.strategy.type ??= "RollingUpdate";
      if (x.strategy.type === "RollingUpdate") {
        x.strategy.rollingUpdate ??= {};
        x.strategy.rollingUpdate.maxSurge ??= "25%";
        x.strategy.rollingUpdate.maxUnavailable ??= "25%";
      }
      x.revisionHistoryLimit ??= 10;
      x.progressDeadlineSeconds ??= 600;
      tmpl(o);
    };
  if (key === "replicasets.apps")
    s.applyDefaults = (o: any) => {
      o.spec.replicas ??= 1;
      tmpl(o);
    };
  if (key === "statefulsets.apps")
    s.applyDefaults = (o: any) => {
      o.spec.replicas ??= 1;
      o.spec.podManagementPolicy ??= "OrderedReady";
      o.spec.updateStrategy ??= { type: "RollingUpdate", rollingUpdate: { partition: 0 } };
      o.spec.revisionHistoryLimit ??= 10;
      tmpl(o);
    };
  if (key === "daemonsets.apps")
    s.applyDefaults = (o: any) => {
      o.spec.updateStrategy ??= { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } };
      o.spec.revisionHistoryLimit ??= 10;
      tmpl(o);
    };
  if (key === "jobs.batch") {
    s.applyDefaults = (o: any) => {
      o.spec.completions ??= 1;
      o.spec.parallelism ??= 1;
      o.spec.backoffLimit ??= 6;
      o.spec.completionMode ??= "NonIndexed";
      o.spec.suspend ??= false;
      tmpl(o);
    };
    s.prepareForCreate = (o: any, c: any) => {
      base.prepareForCreate?.(o, c);
      const l = {
        "batch.kubernetes.io/controller-uid": o.metadata.uid,
        "batch.kubernetes.io/job-name": o.metadata.name,
        "controller-uid": o.metadata.uid,
        "job-name": o.metadata.name,
      };
      o.spec.template.metadata ??= {};
      o.spec.template.metadata.labels = { ...o.spec.template.metadata.labels, ...l };
      o.spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": o.metadata.uid } };
    };
  }
  if (key === "secrets")
    s.applyDefaults = (o: any) => {
      o.type ??= "Opaque";
      if (o.stringData) {
        o.data ??= {};
        for (const [k, v] of Object.entries(o.stringData)) o.data[k] = btoa(v as string);
        delete o.stringData;
      }
    };
  if (key === "persistentvolumeclaims") {
    s.applyDefaults = (o: any) => {
      o.spec.volumeMode ??= "Filesystem";
    };
    s.prepareForCreate = (o: any, c: any) => {
      base.prepareForCreate?.(o, c);
      o.status = { phase: "Pending" };
    };
  }
  if (key === "persistentvolumes") {
    s.applyDefaults = (o: any) => {
      o.spec.volumeMode ??= "Filesystem";
      o.spec.persistentVolumeReclaimPolicy ??= "Retain";
    };
    s.prepareForCreate = (o: any, c: any) => {
      base.prepareForCreate?.(o, c);
      o.status = { phase: "Pending" };
    };
  }
  if (key === "nodes")
    s.prepareForCreate = (o: any, c: any) => {
      o.metadata.generation = 1;
    };
  return s;
}
