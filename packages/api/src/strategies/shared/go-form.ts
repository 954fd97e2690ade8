import { declarations, type FieldDeclaration } from "../../schema/declarations.ts";
import { sortedRecord } from "./sorted-record.ts";

/**
 * Findings show values as upstream prints them. There, validation works on types without JSON names, so that a toleration shows as
 * `{"Key":"a","Operator":"Exists",…}`: every field, also those that are not set, under the name it has in Go. Types of `meta/v1` have
 * JSON names there too.
 *
 * @param type as in the declarations: `core/v1.Toleration`, `[]core/v1.NodeSelectorTerm`.
 */
export function goForm(type: string, value: unknown): unknown {
  if (type.startsWith("[]")) return Array.isArray(value) ? value.map((item) => goForm(type.slice(2), item)) : null;
  if (type.startsWith("{}")) return mapForm(type.slice(2), value);
  if (declarations().types[type] === undefined) return value === undefined ? (zeros[type] ?? null) : value;
  const fields = (value ?? {}) as Record<string, unknown>;
  return type.startsWith("meta/v1.") ? taggedForm(type, fields) : structForm(type, fields);
}

/** {@link goForm} of a pointer or an interface: null when there is nothing. */
export function goPointer(type: string, value: unknown): unknown {
  return value === undefined || value === null ? null : goForm(type, value);
}

const zeros: Readonly<Record<string, unknown>> = {
  string: "",
  bool: false,
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  double: 0,
  intOrString: 0,
  quantity: "0",
  duration: "0s",
};

function mapForm(type: string, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return sortedRecord(value as Record<string, unknown>, (item) => goForm(type, item));
}

/** A type with JSON names: what is empty is left out, maps are sorted. */
function taggedForm(type: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  for (const { j, t } of declarations().types[type]?.f ?? []) if (fields[j] !== undefined) form[j] = goForm(t, fields[j]);
  return form;
}

function structForm(type: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  for (const field of fieldsInOrder(type)) {
    const value = fields[field.j];
    if (field.i === 1) Object.assign(form, goForm(field.t, fields));
    else if (field.j === "metadata") Object.assign(form, goForm("meta/v1.ObjectMeta", value));
    else form[goName(type, field.j)] = field.p === 1 ? goPointer(field.t, value) : goForm(field.t, value);
  }
  return type === "core/v1.PodSpec" ? withHostFields(form, fields) : form;
}

/** Fields of v1 that upstream's own types do not have, or keep elsewhere. */
const missing: Readonly<Record<string, readonly string[]>> = {
  "core/v1.PodSpec": ["serviceAccount", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"],
  "core/v1.PodStatus": ["podIP"],
  "core/v1.NodeSpec": ["podCIDR"],
  "core/v1.Secret": ["stringData"],
};

/** Fields that stand in another place than in v1: each comes after the other. The empty text is the beginning. */
const moved: Readonly<Record<string, readonly (readonly [field: string, after: string])[]>> = {
  "core/v1.VolumeSource": [["quobyte", "rbd"]],
  "core/v1.PersistentVolumeSource": [
    ["quobyte", "rbd"],
    ["flexVolume", "iscsi"],
  ],
  "core/v1.PodSpec": [
    ["setHostnameAsFQDN", "subdomain"],
    ["preemptionPolicy", "priority"],
    ["overhead", "runtimeClassName"],
  ],
  "core/v1.PodSecurityContext": [["fsGroupChangePolicy", "fsGroup"]],
  "core/v1.PodStatus": [["qosClass", "startTime"]],
  "core/v1.ServiceSpec": [
    ["type", ""],
    ["ipFamilies", "clusterIPs"],
    ["ipFamilyPolicy", "ipFamilies"],
    ["externalName", "ipFamilyPolicy"],
    ["loadBalancerIP", "externalIPs"],
    ["sessionAffinity", "loadBalancerIP"],
    ["sessionAffinityConfig", "sessionAffinity"],
  ],
  "batch/v1.JobSpec": [["activeDeadlineSeconds", "successPolicy"]],
  "storage/v1.CSIDriverSpec": [["fsGroupPolicy", "attachRequired"]],
};

const ordered = new Map<string, readonly FieldDeclaration[]>();

function fieldsInOrder(type: string): readonly FieldDeclaration[] {
  const known = ordered.get(type);
  if (known !== undefined) return known;
  const fields = (declarations().types[type]?.f ?? []).filter(({ j }) => missing[type]?.includes(j) !== true);
  for (const [name, after] of moved[type] ?? []) {
    const [field] = fields.splice(
      fields.findIndex(({ j }) => j === name),
      1,
    );
    if (field !== undefined) fields.splice(fields.findIndex(({ j }) => j === after) + 1, 0, field);
  }
  ordered.set(type, fields);
  return fields;
}

/** Upstream keeps what a pod shares with its host in the security context. */
function withHostFields(form: Record<string, unknown>, spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (form["SecurityContext"] === null) return form;
  const { hostNetwork = false, hostPID = false, hostIPC = false, shareProcessNamespace = null, hostUsers = null } = spec;
  const host = {
    HostNetwork: hostNetwork,
    HostPID: hostPID,
    HostIPC: hostIPC,
    ShareProcessNamespace: shareProcessNamespace,
    HostUsers: hostUsers,
  };
  form["SecurityContext"] = { ...host, ...(form["SecurityContext"] as object) };
  return form;
}

const names: Readonly<Record<string, string>> = {
  awsElasticBlockStore: "AWSElasticBlockStore",
  cel: "CEL",
  cephfs: "CephFS",
  chapAuthDiscovery: "DiscoveryCHAPAuth",
  chapAuthSession: "SessionCHAPAuth",
  diskURI: "DataDiskURI",
  fsGroup: "FSGroup",
  fsGroupChangePolicy: "FSGroupChangePolicy",
  fsGroupPolicy: "FSGroupPolicy",
  fsType: "FSType",
  gcePersistentDisk: "GCEPersistentDisk",
  gid: "GID",
  iqn: "IQN",
  lastState: "LastTerminationState",
  pdName: "PDName",
  qosClass: "QOSClass",
  reportingComponent: "ReportingController",
  seLinuxChangePolicy: "SELinuxChangePolicy",
  seLinuxMount: "SELinuxMount",
  seLinuxOptions: "SELinuxOptions",
  sslEnabled: "SSLEnabled",
  storageos: "StorageOS",
  tls: "TLS",
  ttlSecondsAfterFinished: "TTLSecondsAfterFinished",
  wwids: "WWIDs",
};

const rbdNames = { monitors: "CephMonitors", image: "RBDImage", pool: "RBDPool", user: "RadosUser" };
const namesByType: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "core/v1.GlusterfsVolumeSource": { endpoints: "EndpointsName" },
  "core/v1.GlusterfsPersistentVolumeSource": { endpoints: "EndpointsName" },
  "core/v1.RBDVolumeSource": rbdNames,
  "core/v1.RBDPersistentVolumeSource": rbdNames,
  "resource/v1.DeviceAttribute": {
    int: "IntValue",
    bool: "BoolValue",
    string: "StringValue",
    version: "VersionValue",
    ints: "IntValues",
    bools: "BoolValues",
    strings: "StringValues",
    versions: "VersionValues",
  },
};

const initialism = /^(?:ip|uid|url|nfs|rbd|csi|fc|iscsi|api|http|tcp|grpc|dns|os|pid|tty|cidr|ca|gmsa)(?=[A-Z]|s?$)/;

/** The name of a field in Go: `podIP` → `PodIP`, `ipFamilies` → `IPFamilies`. */
function goName(type: string, name: string): string {
  const special = namesByType[type]?.[name] ?? names[name];
  if (special !== undefined) return special;
  const text = name.replace(initialism, (word) => word.toUpperCase());
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
