import {
  compareQuantities,
  dnsSubdomainErrors,
  Findings,
  parseQuantity,
  semanticEqual,
  supportedValues,
  zeroQuantity,
} from "@coracle/apimachinery";
import type { CSIDriver, CSINode, CSINodeDriver, CSIStorageCapacity } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm, goPointer } from "../shared/go-form.ts";
import { validateCsiDriverName } from "./volume-kinds.ts";

type TokenRequests = NonNullable<NonNullable<CSIDriver["spec"]>["tokenRequests"]>;

const groupPolicies = supportedValues("File", "None", "ReadWriteOnceWithFSType");
const lifecycleModes = supportedValues("Persistent", "Ephemeral");
const nodeIdLimit = 256;
const leastSeconds = 600;
const tokenWarning =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";
const noDriverSpec = {} as NonNullable<CSIDriver["spec"]>;

export const csiDrivers = strategyOf<CSIDriver>({
  hasStatus: false,
  hasGeneration: true,
  prepareCreate({ metadata }) {
    // Counted from the first change on.
    delete metadata.generation;
  },
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  validate({ spec = noDriverSpec }, out) {
    out.optionalOneOf(spec.fsGroupPolicy, groupPolicies, "spec.fsGroupPolicy");
    validateTokens(spec.tokenRequests ?? [], out);
    for (const mode of spec.volumeLifecycleModes ?? []) out.oneOf(mode, lifecycleModes, "spec.volumeLifecycleModes");
    const period = spec.nodeAllocatableUpdatePeriodSeconds;
    if (period !== undefined && period < 10)
      out.invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, "must be greater than or equal to 10 seconds");
    if (spec.serviceAccountTokenInSecrets !== undefined && (spec.tokenRequests ?? []).length === 0) {
      const text = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
      out.invalid("spec.serviceAccountTokenInSecrets", spec.serviceAccountTokenInSecrets, text);
    }
  },
  warnings({ spec = noDriverSpec }, old) {
    const isAsked = (spec.tokenRequests ?? []).length > 0 && !semanticEqual(spec.tokenRequests, old?.spec?.tokenRequests);
    return isAsked && spec.serviceAccountTokenInSecrets === undefined ? [tokenWarning] : [];
  },
  validateUpdate({ spec = noDriverSpec }, { spec: old = noDriverSpec }, out) {
    out.immutable(spec.attachRequired, old.attachRequired, "spec.attachedRequired");
    out.immutable(spec.volumeLifecycleModes, old.volumeLifecycleModes, "spec.volumeLifecycleModes");
  },
  more: { allowUnconditionalUpdate: false },
});

function validateTokens(requests: TokenRequests, out: Findings): void {
  const audiences = new Set<string>();
  for (const [index, { audience, expirationSeconds: seconds }] of requests.entries()) {
    const at = `spec.tokenRequests[${index}]`;
    if (audiences.has(audience)) {
      out.duplicate(`${at}.audience`, audience);
      continue;
    }
    audiences.add(audience);
    if (seconds === undefined) continue;
    if (seconds < leastSeconds) out.invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration less than 10 minutes");
    if (seconds > 2 ** 32) out.invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration larger than 2^32 seconds");
  }
}

export const csiNodes = strategyOf<CSINode>({
  hasStatus: false,
  validate({ spec }, out) {
    const names = new Set<string>();
    for (const [index, driver] of (spec?.drivers ?? []).entries()) validateNodeDriver(driver, names, `spec.drivers[${index}]`, out);
  },
  validateUpdate({ spec }, old, out) {
    for (const before of old.spec?.drivers ?? []) {
      for (const driver of spec?.drivers ?? []) {
        if (driver.name !== before.name) continue;
        const { allocatable: _count, ...rest } = driver;
        const { allocatable: _before, ...expected } = before;
        out.immutable(rest, expected, "spec.drivers", goForm("storage/v1.CSINodeDriver", rest));
      }
    }
  },
  more: { allowUnconditionalUpdate: false },
});

function validateNodeDriver(driver: Readonly<CSINodeDriver>, names: Set<string>, at: string, out: Findings): void {
  const { name, nodeID = "", topologyKeys = [], allocatable } = driver;
  validateCsiDriverName(name, `${at}.name`, out);
  out.present(nodeID, `${at}.nodeID`);
  if (nodeID.length > nodeIdLimit) out.invalid(`${at}.nodeID`, nodeID, `must be ${nodeIdLimit} characters or less`);
  out.nonNegative(allocatable?.count, `${at}.allocatable.count`);
  if (names.has(name)) out.duplicate(`${at}.name`, name);
  names.add(name);
  const keys = new Set<string>();
  for (const key of topologyKeys ?? []) {
    if (key === "") out.required(at);
    if (keys.has(key)) out.duplicate(at, key);
    keys.add(key);
    out.qualifiedName(key, at);
  }
}

export const csiStorageCapacities = strategyOf<CSIStorageCapacity>({
  hasStatus: false,
  validate({ nodeTopology, storageClassName = "", capacity, maximumVolumeSize }, out, old) {
    const before = new Findings();
    before.labelSelector(old?.nodeTopology, "");
    if (before.errors.length === 0) out.labelSelector(nodeTopology, "nodeTopology");
    out.messages("storageClassName", storageClassName, dnsSubdomainErrors(storageClassName));
    for (const [name, amount] of Object.entries({ capacity, maximumVolumeSize }))
      if (amount !== undefined && compareQuantities(parseQuantity(amount), zeroQuantity) < 0)
        out.invalid(name, amount, "must be greater than or equal to 0");
  },
  validateUpdate({ nodeTopology, storageClassName }, old, out) {
    if (!semanticEqual(nodeTopology, old.nodeTopology))
      out.invalid("nodeTopology", goPointer("meta/v1.LabelSelector", nodeTopology), "field is immutable");
    if (storageClassName !== old.storageClassName) out.invalid("storageClassName", storageClassName, "field is immutable");
  },
  more: { allowUnconditionalUpdate: false },
});
