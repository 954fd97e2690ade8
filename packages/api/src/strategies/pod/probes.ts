import { headerNameErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { Container, HTTPGetAction, Lifecycle, LifecycleHandler, Probe, ProbeHandler, SleepAction } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import type { PodContext } from "./context.ts";

const schemes = enumOf("core/v1.URIScheme");
const linuxSignals = enumOf("core/v1.Signal");
const windowsSignals = supportedValues("SIGKILL", "SIGTERM");

/** Liveness, readiness and startup probes of a container at `at`. */
export function validateProbes(container: Readonly<Container>, at: string, pod: PodContext): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe !== undefined) validateProbe(livenessProbe, `${at}.livenessProbe`, pod);
  if (livenessProbe !== undefined) validateSuccessThreshold(livenessProbe, `${at}.livenessProbe`, pod.out);
  if (readinessProbe !== undefined) {
    validateProbe(readinessProbe, `${at}.readinessProbe`, pod);
    const seconds = readinessProbe.terminationGracePeriodSeconds;
    if (seconds !== undefined)
      pod.out.invalid(`${at}.readinessProbe.terminationGracePeriodSeconds`, seconds, "must not be set for readinessProbes");
  }
  if (startupProbe !== undefined) validateProbe(startupProbe, `${at}.startupProbe`, pod);
  if (startupProbe !== undefined) validateSuccessThreshold(startupProbe, `${at}.startupProbe`, pod.out);
}

function validateSuccessThreshold({ successThreshold = 0 }: Readonly<Probe>, at: string, out: Findings): void {
  if (successThreshold !== 1) out.invalid(`${at}.successThreshold`, successThreshold, "must be 1");
}

function validateProbe(probe: Readonly<Probe>, at: string, pod: PodContext): void {
  const { out } = pod;
  validateHandler(probe, at, pod);
  out.nonNegative(probe.initialDelaySeconds, `${at}.initialDelaySeconds`);
  out.nonNegative(probe.timeoutSeconds, `${at}.timeoutSeconds`);
  out.nonNegative(probe.periodSeconds, `${at}.periodSeconds`);
  out.nonNegative(probe.successThreshold, `${at}.successThreshold`);
  out.nonNegative(probe.failureThreshold, `${at}.failureThreshold`);
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0) out.invalid(`${at}.terminationGracePeriodSeconds`, seconds, "must be greater than 0");
}

type Handler = ProbeHandler & LifecycleHandler;

/** Exactly one thing to do. */
function validateHandler(handler: Readonly<Handler>, at: string, pod: PodContext): void {
  const { out } = pod;
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  let count = 0;
  const isFirst = (name: string): boolean => {
    if (count++ === 0) return true;
    out.forbidden(`${at}.${name}`, "may not specify more than 1 handler type");
    return false;
  };
  if (exec !== undefined && isFirst("exec") && (exec.command ?? []).length === 0) out.required(`${at}.exec.command`);
  if (httpGet !== undefined && isFirst("httpGet")) validateHttpGet(httpGet, `${at}.httpGet`, out);
  if (tcpSocket !== undefined && isFirst("tcpSocket")) out.portNumberOrName(tcpSocket.port, `${at}.tcpSocket.port`);
  if (grpc !== undefined && isFirst("grpc")) out.portNumber(grpc.port ?? 0, `${at}.grpc.port`);
  if (sleep !== undefined && isFirst("sleep")) validateSleep(sleep, `${at}.sleep`, pod);
  if (count === 0) out.required(at, "must specify a handler type");
}

function validateHttpGet(action: Readonly<HTTPGetAction>, at: string, out: Findings): void {
  out.present(action.path, `${at}.path`);
  out.portNumberOrName(action.port, `${at}.port`);
  out.oneOf(action.scheme, schemes, `${at}.scheme`);
  for (const { name } of action.httpHeaders ?? []) out.messages(`${at}.httpHeaders`, name, headerNameErrors(name));
}

function validateSleep({ seconds = 0 }: Readonly<SleepAction>, at: string, { spec, out }: PodContext): void {
  const grace = spec.terminationGracePeriodSeconds;
  if (grace !== undefined && (seconds < 0 || seconds > grace))
    out.invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`);
}

/** What a container does when it starts and before it ends. */
export function validateLifecycle(lifecycle: Readonly<Lifecycle>, at: string, pod: PodContext): void {
  if (lifecycle.postStart !== undefined) validateHandler(lifecycle.postStart, `${at}.postStart`, pod);
  if (lifecycle.preStop !== undefined) validateHandler(lifecycle.preStop, `${at}.preStop`, pod);
  const { stopSignal } = lifecycle;
  const { out, spec } = pod;
  if (stopSignal === undefined) return;
  if (spec.os === undefined) out.forbidden(`${at}.stopSignal`, "may not be set for containers with empty `spec.os.name`");
  else if (spec.os.name === "windows") out.oneOf(stopSignal, windowsSignals, `${at}.stopSignal`);
  else if (spec.os.name === "linux") out.oneOf(stopSignal, linuxSignals, `${at}.stopSignal`);
}
