import { dnsSubdomainErrors, type Findings } from "@coracle/apimachinery";
import type { ResourceSlice } from "../../generated/types.ts";
import type { Device, DeviceAttribute, ResourcePool, ResourceSliceSpec } from "../../generated/resource-v1.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { validateNodeSelector } from "../shared/node-selector.ts";
import { validateCsiDriverName } from "../storage/volume-kinds.ts";
import { validateAttributeName } from "./device-requests.ts";
import { validateList, validateUnique } from "./lists.ts";

const devicesLimit = 128;
const valuesLimit = 32;
const textLimit = 64;
const poolNameLimit = 253;
const noSpec = {} as ResourceSliceSpec;
const number = String.raw`(0|[1-9]\d*)`;
const preRelease = String.raw`(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)`;
const build = "[0-9a-zA-Z-]+";
const semanticVersion = new RegExp(
  String.raw`^${number}\.${number}\.${number}(-${preRelease}(\.${preRelease})*)?(\+${build}(\.${build})*)?$`,
);

export const resourceSlices = strategyOf<ResourceSlice>({
  hasStatus: false,
  hasGeneration: true,
  validate({ spec = noSpec }, out, old) {
    validateCsiDriverName(spec.driver, "spec.driver", out);
    validatePool(spec.pool ?? {}, out);
    if (old?.spec !== undefined) {
      out.immutable(spec.pool?.name, old.spec.pool?.name, "spec.pool.name");
      out.immutable(spec.driver, old.spec.driver, "spec.driver");
      out.immutable(spec.nodeName, old.spec.nodeName, "spec.nodeName", spec.nodeName ?? null);
    }
    validatePlaces(spec, out);
    if (spec.sharedCounters !== undefined && spec.devices !== undefined)
      out.invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed");
    const devices = spec.devices ?? [];
    validateList({ items: devices, mostItems: devicesLimit, at: "spec.devices", out }, (device, at) =>
      validateDevice(device, at, spec, out),
    );
    validateUnique(devices, ({ name }) => name, "spec.devices", out);
  },
});

function validatePool({ name = "", resourceSliceCount: count = 0, generation = 0 }: Partial<ResourcePool>, out: Findings): void {
  if (out.present(name, "spec.pool.name")) {
    if (name.length > poolNameLimit) out.tooLong("spec.pool.name", poolNameLimit);
    for (const part of name.split("/")) out.messages("spec.pool.name", part, dnsSubdomainErrors(part));
  }
  if (count <= 0) out.invalid("spec.pool.resourceSliceCount", count, "must be greater than zero");
  if (generation < 0) out.invalid("spec.pool.generation", generation, "must be greater than or equal to zero");
}

/** From where the devices can be reached: said in one way. */
function validatePlaces(spec: Readonly<ResourceSliceSpec>, out: Findings): void {
  const { nodeName, nodeSelector } = spec;
  const ways: string[] = [];
  if (nodeName === "") out.invalid("spec.nodeName", nodeName, "must be either unset or set to a non-empty string");
  else if (nodeName !== undefined) {
    ways.push("`nodeName`");
    out.messages("spec.nodeName", nodeName, dnsSubdomainErrors(nodeName));
  }
  if (nodeSelector !== undefined) {
    ways.push("`nodeSelector`");
    validateNodeSelector(nodeSelector, "spec.nodeSelector", out);
    const { nodeSelectorTerms: terms } = nodeSelector;
    if ((terms ?? []).length !== 1)
      out.invalid(
        "spec.nodeSelector.nodeSelectorTerms",
        goForm("[]core/v1.NodeSelectorTerm", terms),
        "must have exactly one node selector term",
      );
  }
  for (const name of ["allNodes", "perDeviceNodeSelection"] as const) {
    if (spec[name] === true) ways.push(`\`${name}\``);
    else if (spec[name] === false) out.invalid(`spec.${name}`, false, "must be either unset or set to true");
  }
  const text = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  if (ways.length === 0) out.required("spec", text);
  else if (ways.length > 1) out.invalid("spec", `{${ways.join(", ")}}`, `${text}, but multiple fields are set`);
}

function validateDevice(device: Readonly<Device>, at: string, spec: Readonly<ResourceSliceSpec>, out: Findings): void {
  const { name = "", attributes = {}, capacity = {} } = device;
  out.label(name, `${at}.name`);
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > valuesLimit) out.invalid(at, count, `the total number of attributes and capacities must not exceed ${valuesLimit}`);
  for (const [key, attribute] of Object.entries(attributes)) {
    validateAttributeName(key, `${at}.attributes`, out);
    validateAttribute(attribute, `${at}.attributes[${key}]`, out);
  }
  for (const key of Object.keys(capacity)) validateAttributeName(key, `${at}.capacity`, out);
  const isPlaced = device.nodeName !== undefined || device.nodeSelector !== undefined || device.allNodes !== undefined;
  if (spec.perDeviceNodeSelection !== true) {
    if (isPlaced) {
      const text = "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true";
      out.invalid(at, null, `${text} in the ResourceSlice spec`);
    }
  } else if (!isPlaced) {
    const text = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true";
    out.required(at, `${text} in the ResourceSlice spec`);
  }
}

function validateAttribute(attribute: Readonly<DeviceAttribute>, at: string, out: Findings): void {
  const { string, version } = attribute;
  if (string !== undefined && string.length > textLimit) out.tooLong(`${at}.string`, textLimit);
  if (version !== undefined) {
    if (!semanticVersion.test(version)) out.invalid(`${at}.version`, version, "must be a string compatible with semver.org spec 2.0.0");
    if (version.length > textLimit) out.tooLong(`${at}.version`, textLimit);
  }
  const count = Object.values(attribute).filter((value) => value !== undefined).length;
  if (count === 0) out.invalid(at, "", "exactly one value must be specified");
  else if (count > 1) out.invalid(at, goForm("resource/v1.DeviceAttribute", attribute), "exactly one value must be specified");
}
