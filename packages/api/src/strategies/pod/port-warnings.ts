import { quoteText } from "@coracle/apimachinery";
import type { ContainerPort, PodSpec } from "../../generated/types.ts";
import { containersOf } from "./visit-containers.ts";

interface PlacedPort {
  readonly port: ContainerPort;
  readonly at: string;
}

/** Ports that are defined twice, or that a client cannot tell apart. `at` is the path of the spec. */
export function addPortWarnings(spec: Readonly<PodSpec>, at: string, warnings: string[]): void {
  const ports: PlacedPort[] = [];
  for (const { container, path } of containersOf(spec)) {
    if (container.ports === undefined) continue;
    for (const [index, port] of container.ports.entries()) ports.push({ port, at: `${at}.${path}.ports[${index}]` });
  }
  if (ports.length > 0) warnings.push(...numberWarnings(ports), ...nameWarnings(ports));
}

function numberWarnings(ports: readonly PlacedPort[]): string[] {
  const warnings: string[] = [];
  const byNumber = new Map<string, PlacedPort[]>();
  for (const placed of ports) {
    const { port, at } = placed;
    if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${goText(port)}`);
    const key = `${port.containerPort}/${port.protocol}`;
    const others = byNumber.get(key) ?? [];
    for (const other of others) {
      const text = conflictOf(port, other.port);
      if (text !== undefined) warnings.push(`${at}: ${text} port definition with ${other.at}`);
    }
    byNumber.set(key, [...others, placed]);
  }
  return warnings;
}

function conflictOf(port: ContainerPort, other: ContainerPort): string | undefined {
  const [ip = "", otherIp = ""] = [port.hostIP, other.hostIP];
  const [number = 0, otherNumber = 0] = [port.hostPort, other.hostPort];
  if (ip === otherIp && number === otherNumber) return "duplicate";
  if (number === 0 || otherNumber === 0) return "overlapping";
  return number === otherNumber && (ip === "") !== (otherIp === "") ? "dangerously ambiguous" : undefined;
}

/** As Go prints the struct. */
function goText({ name = "", hostPort = 0, containerPort, protocol = "", hostIP = "" }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

function nameWarnings(ports: readonly PlacedPort[]): string[] {
  const warnings: string[] = [];
  const byName = new Map<string, string>();
  for (const { port, at } of ports) {
    if (!port.name) continue;
    const other = byName.get(port.name);
    if (other === undefined) byName.set(port.name, at);
    else
      warnings.push(
        `${at}: duplicate port name ${quoteText(port.name)} with ${other}, services and probes that select ports by name will use ${other}`,
      );
  }
  return warnings;
}
