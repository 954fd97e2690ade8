import { dnsSubdomainErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { PodSpec, WindowsSecurityContextOptions } from "../../generated/types.ts";
import type { PodContext } from "./context.ts";
import { containersOf } from "./visit-containers.ts";

const systems = supportedValues("linux", "windows");
const specLimitBytes = 64 * 1024;
const domainLimit = 256;
const userLimit = 104;

const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);

export function validateWindowsOptions(options: Readonly<WindowsSecurityContextOptions>, at: string, out: Findings): void {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  if (name !== undefined) out.messages(`${at}.gmsaCredentialSpecName`, name, dnsSubdomainErrors(name));
  if (spec === "") out.invalid(`${at}.gmsaCredentialSpec`, spec, "gmsaCredentialSpec cannot be an empty string");
  else if (spec !== undefined && spec.length > specLimitBytes)
    out.invalid(`${at}.gmsaCredentialSpec`, spec, "gmsaCredentialSpec size must be under 64 KiB");
  if (user !== undefined) validateUserName(user, `${at}.runAsUserName`, out);
}

function validateUserName(name: string, at: string, out: Findings): void {
  const refuse = (text: string): void => out.invalid(at, name, `runAsUserName${text}`);
  const parts = name.split("\\");
  if (name === "") return refuse(" cannot be an empty string");
  if (/[^\x20-\x7e\u{80}-\u{10ffff}]/u.test(name)) return refuse(" cannot contain control characters");
  if (parts.length > 2) return refuse(" cannot contain more than one backslash");
  const [domain, user = ""] = parts.length === 1 ? [undefined, parts[0]] : parts;
  if (domain !== undefined) {
    if (domain.length >= domainLimit) refuse(`'s Domain length must be under ${domainLimit} characters`);
    if (!netBios.test(domain) && !dnsDomain.test(domain)) refuse("'s Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === "") refuse("'s User cannot be empty");
  else if (user.length > userLimit) refuse(`'s User length must not be longer than ${userLimit} characters`);
  if (/^[. ]+$/.test(user)) refuse("'s User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) refuse("'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
}

/** Either all containers are processes of the Windows host or none. */
export function validateHostProcess(at: string, { spec, out }: PodContext): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let count = 0;
  let hostProcesses = 0;
  for (const { container, path } of containersOf(spec)) {
    count++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own)
      out.invalid(
        `${at}.${path}.securityContext.windowsOptions.hostProcess`,
        own,
        `pod hostProcess value must be identical if both are specified, was ${ofPod}`,
      );
    if (own ?? ofPod ?? false) hostProcesses++;
  }
  if (hostProcesses === 0) return;
  if (hostProcesses !== count)
    out.invalid(at, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers");
  if (spec.hostNetwork !== true)
    out.invalid(`${at}.hostNetwork`, false, "hostNetwork must be true if pod contains any hostProcess containers");
}

/** What only the other system has. */
export function validateOs(os: NonNullable<PodSpec["os"]>, at: string, pod: PodContext): void {
  const { out } = pod;
  if (!out.present(os.name, `${at}.os.name`)) return;
  out.oneOf(os.name, systems, `${at}.os`);
  if (os.name === "linux") validateLinux(at, pod);
  else if (os.name === "windows") validateWindows(at, pod);
}

function validateLinux(at: string, { spec, out }: PodContext): void {
  const text = "windows options cannot be set for a linux pod";
  if (spec.securityContext?.windowsOptions !== undefined) out.forbidden(`${at}.securityContext.windowsOptions`, text);
  for (const { container, path } of containersOf(spec))
    if (container.securityContext?.windowsOptions !== undefined) out.forbidden(`${at}.${path}.securityContext.windowsOptions`, text);
}

/** In upstream's order; `spec.` are fields of the pod itself. */
const linuxFieldsOfPod = [
  "appArmorProfile",
  "seLinuxOptions",
  "spec.hostUsers",
  "spec.hostPID",
  "spec.hostIPC",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "spec.shareProcessNamespace",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const;
const linuxFieldsOfContainer = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

function validateWindows(at: string, { spec, out }: PodContext): void {
  const text = "cannot be set for a windows pod";
  const context = (spec.securityContext ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of linuxFieldsOfPod) {
    const ofPod = name.startsWith("spec.") ? name.slice("spec.".length) : undefined;
    const value = ofPod === undefined ? context[name] : (spec as unknown as Readonly<Record<string, unknown>>)[ofPod];
    // The host's namespaces are flags: false is as good as nothing.
    const isSet = value !== undefined && (value !== false || ofPod === "hostUsers" || ofPod === "shareProcessNamespace");
    if (isSet) out.forbidden(ofPod === undefined ? `${at}.securityContext.${name}` : `${at}.${ofPod}`, text);
  }
  for (const { container, path } of containersOf(spec))
    for (const name of linuxFieldsOfContainer)
      if (container.securityContext?.[name] !== undefined) out.forbidden(`${at}.${path}.securityContext.${name}`, text);
}
