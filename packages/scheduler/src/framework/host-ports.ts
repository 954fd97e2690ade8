import type { Pod } from "@coracle/api";

/** `protocol/hostIP/port` of every host port; with host network each container port is one. */
export function hostPortsOf(pod: Pod): string[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return [...(pod.spec?.containers ?? []), ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map(
        (port) => `${port.protocol ?? "TCP"}/${port.hostIP === undefined || port.hostIP === "" ? "0.0.0.0" : port.hostIP}/${port.hostPort}`,
      ),
  );
}
