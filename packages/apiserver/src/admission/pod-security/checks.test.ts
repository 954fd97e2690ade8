import type { Container, PodSecurityContext, PodSpec, SecurityContext, Volume } from "@coracle/api";
import { describe, expect, test } from "vitest";
import { evaluatePod, formatDetails } from "./evaluate.ts";
import type { LevelVersion } from "./policy.ts";

/** What the restricted level asks of everybody. */
const good: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

interface Given {
  readonly spec?: Partial<PodSpec>;
  readonly pod?: PodSecurityContext;
  readonly container?: Partial<Container>;
  readonly context?: SecurityContext;
  readonly annotations?: Record<string, string>;
}

function findings(level: LevelVersion, { spec, pod, container, context, annotations }: Given): string {
  const containers = [{ name: "c", securityContext: { ...good, ...context }, ...container }];
  const given = { containers, ...(pod && { securityContext: pod }), ...spec };
  return formatDetails(evaluatePod(level, { metadata: { ...(annotations && { annotations }) }, spec: given }));
}

const at = (level: LevelVersion["level"], version: LevelVersion["version"] = "latest"): LevelVersion => ({ level, version });

/** Texts at privileged, baseline and restricted; the same for both when there is one. */
const table: [name: string, given: Given, baseline: string, restricted?: string][] = [
  ["nothing", {}, ""],
  [
    "appArmorProfile",
    { pod: { appArmorProfile: { type: "Unconfined" } }, context: { appArmorProfile: { type: "Other" } } },
    'forbidden AppArmor profiles (pod and container "c" must not set AppArmor profile type to "Other", "Unconfined")',
  ],
  [
    "appArmorProfile by annotation",
    { annotations: { "container.apparmor.security.beta.kubernetes.io/c": "unconfined" } },
    String.raw`forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")`,
  ],
  [
    "appArmorProfile allowed by annotation",
    { annotations: { "container.apparmor.security.beta.kubernetes.io/c": "localhost/mine", other: "unconfined" } },
    "",
  ],
  [
    "capabilities",
    { context: { capabilities: { add: ["NET_RAW", "CHOWN", "BPF"], drop: ["ALL"] } } },
    'non-default capabilities (container "c" must not include "BPF", "NET_RAW" in securityContext.capabilities.add)',
    'unrestricted capabilities (container "c" must not include "BPF", "CHOWN", "NET_RAW" in securityContext.capabilities.add)',
  ],
  [
    "capabilities not dropped",
    { context: { capabilities: { add: ["CHOWN"] } } },
    "",
    'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  ["capability to bind", { context: { capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] } } }, ""],
  [
    "hostNamespaces",
    { spec: { hostNetwork: true, hostPID: true, hostIPC: true } },
    "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
  ],
  [
    "hostPathVolumes",
    {
      spec: {
        volumes: [
          { name: "a", hostPath: { path: "/" } },
          { name: "b", hostPath: { path: "/" } },
        ],
      },
    },
    'hostPath volumes (volumes "a", "b")',
    'restricted volume types (volumes "a", "b" use restricted volume type "hostPath")',
  ],
  [
    "hostPorts",
    { container: { ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81, hostPort: 81 }, { containerPort: 82 }] } },
    'hostPort (container "c" uses hostPorts 8080, 81)',
  ],
  [
    "hostProbesAndHostLifecycle",
    {
      container: {
        livenessProbe: { httpGet: { port: 1, host: "b" } },
        readinessProbe: { httpGet: { port: 1 } },
        lifecycle: { preStop: { tcpSocket: { port: 1, host: "a" } } },
      },
    },
    'probe or lifecycle host (container "c" uses probe or lifecycle hosts "a", "b")',
  ],
  ["privileged", { context: { privileged: true } }, 'privileged (container "c" must not set securityContext.privileged=true)'],
  ["procMount", { context: { procMount: "Unmasked" } }, 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'],
  ["procMount default", { context: { procMount: "Default" } }, ""],
  [
    "seLinuxOptions",
    { pod: { seLinuxOptions: { type: "spc_t", role: "r" } }, context: { seLinuxOptions: { user: "u" } } },
    'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
  ],
  ["seLinuxOptions allowed", { context: { seLinuxOptions: { type: "container_engine_t", level: "s0" } } }, ""],
  [
    "seccompProfile",
    { pod: { seccompProfile: { type: "Unconfined" } } },
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    "seccompProfile not set",
    { container: { securityContext: { ...good, seccompProfile: undefined } } },
    "",
    'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    "seccompProfile of the pod",
    { pod: { seccompProfile: { type: "Localhost" } }, container: { securityContext: { ...good, seccompProfile: undefined } } },
    "",
  ],
  [
    "sysctls",
    {
      pod: {
        sysctls: [
          { name: "kernel.msgmax", value: "1" },
          { name: "net.ipv4.tcp_rmem", value: "1" },
        ],
      },
    },
    "forbidden sysctls (kernel.msgmax)",
  ],
  [
    "windowsHostProcess",
    { pod: { windowsOptions: { hostProcess: true } }, context: { windowsOptions: { hostProcess: true } } },
    'hostProcess (pod and container "c" must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    "allowPrivilegeEscalation",
    { container: { securityContext: { ...good, allowPrivilegeEscalation: undefined } } },
    "",
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
  ],
  [
    "restrictedVolumes",
    { spec: { volumes: [{ name: "a", nfs: { server: "s", path: "/" } }, { name: "b", emptyDir: {} }, { name: "x" } as Volume] } },
    "",
    'restricted volume types (volumes "a", "x" use restricted volume types "nfs", "unknown")',
  ],
  [
    "runAsNonRoot false",
    { pod: { runAsNonRoot: false }, context: { runAsNonRoot: false } },
    "",
    'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false)',
  ],
  [
    "runAsNonRoot not set",
    { container: { securityContext: { ...good, runAsNonRoot: undefined } } },
    "",
    'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
  ],
  ["runAsNonRoot of the pod", { pod: { runAsNonRoot: true }, container: { securityContext: { ...good, runAsNonRoot: undefined } } }, ""],
  ["runAsUser", { pod: { runAsUser: 0 }, context: { runAsUser: 0 } }, "", 'runAsUser=0 (pod and container "c" must not set runAsUser=0)'],
];

describe.each(table)("%s", (_name, given, baseline, restricted = baseline) => {
  test("privileged", () => expect(findings(at("privileged"), given)).toBe(""));
  test("baseline", () => expect(findings(at("baseline"), given)).toBe(baseline));
  test("restricted", () => expect(findings(at("restricted"), given)).toBe(restricted));
});

describe("versions", () => {
  const rmem: Given = { pod: { sysctls: [{ name: "net.ipv4.tcp_rmem", value: "1" }] } };
  const keepalive: Given = { pod: { sysctls: [{ name: "net.ipv4.tcp_keepalive_intvl", value: "1" }] } };
  const reserved: Given = { pod: { sysctls: [{ name: "net.ipv4.ip_local_reserved_ports", value: "1" }] } };
  const engine: Given = { context: { seLinuxOptions: { type: "container_engine_t" } } };
  const probe: Given = { container: { startupProbe: { tcpSocket: { port: 1, host: "h" } } } };
  const bare: Given = { container: { securityContext: {} } };
  const root: Given = { context: { runAsUser: 0 } };
  const annotated: Given = { annotations: { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" } };
  test.each([
    [rmem, "baseline", 31, "forbidden sysctls (net.ipv4.tcp_rmem)"],
    [rmem, "baseline", 32, ""],
    [keepalive, "baseline", 28, "forbidden sysctls (net.ipv4.tcp_keepalive_intvl)"],
    [keepalive, "baseline", 29, ""],
    [reserved, "baseline", 26, "forbidden sysctls (net.ipv4.ip_local_reserved_ports)"],
    [reserved, "baseline", 27, ""],
    [engine, "baseline", 30, 'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "container_engine_t")'],
    [engine, "baseline", 31, ""],
    [probe, "baseline", 33, ""],
    [probe, "baseline", 34, 'probe or lifecycle host (container "c" uses probe or lifecycle host "h")'],
    [annotated, "baseline", 18, `seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")`],
    [annotated, "baseline", 19, ""],
    [root, "restricted", 22, ""],
    [root, "restricted", 23, 'runAsUser=0 (container "c" must not set runAsUser=0)'],
    [bare, "restricted", 7, 'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)'],
    [
      bare,
      "restricted",
      19,
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [bare, "restricted", 99, findings(at("restricted"), bare)],
  ] as const)("%j by %s v1.%i", (given, level, version, expected) => {
    expect(findings(at(level, version), given)).toBe(expected);
  });

  test("Windows pods need no settings that they cannot have, since v1.25", () => {
    const windows: Given = { spec: { os: { name: "windows" } }, container: { securityContext: { runAsNonRoot: true } } };
    expect(findings(at("restricted", 24), windows)).toMatch(/^allowPrivilegeEscalation .*unrestricted capabilities .*seccompProfile/);
    expect(findings(at("restricted", 25), windows)).toBe("");
  });

  test("pods in a user namespace may be root there, since v1.35, and unmask /proc in baseline", () => {
    const contained: Given = { spec: { hostUsers: false }, context: { runAsUser: 0, runAsNonRoot: false, procMount: "Unmasked" } };
    expect(findings(at("restricted", 34), contained)).toMatch(/^procMount .*runAsNonRoot .*runAsUser=0/);
    expect(findings(at("restricted", 35), contained)).toBe(
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    );
    expect(findings(at("baseline", 34), contained)).toMatch(/^procMount/);
    expect(findings(at("baseline", 35), contained)).toBe("");
  });
});

test("init and ephemeral containers are checked and named in order", () => {
  const spec = {
    initContainers: [{ name: "i", securityContext: { privileged: true } }],
    containers: [{ name: "c" }],
    ephemeralContainers: [{ name: "e", securityContext: { privileged: true } }],
  };
  expect(findings(at("baseline"), { spec })).toBe('privileged (containers "i", "e" must not set securityContext.privileged=true)');
});
