import { hostPortsOf } from "../framework/host-ports.ts";
import { refuseForNow, type NodeInfo, type Plugin } from "../framework/plugin.ts";

/** A host port serves one pod a node; `0.0.0.0` clashes with every address. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  preFilter: (pod) => ({ state: hostPortsOf(pod.pod) }),
  filter(_pod, node, state) {
    const isFree = (state as readonly string[]).every((port) => !clashes(port, node));
    return isFree ? undefined : refuseForNow("node(s) didn't have free ports for the requested pod ports");
  },
};

function clashes(wanted: string, node: NodeInfo): boolean {
  if (node.hostPorts.size === 0) return false;
  if (node.hostPorts.has(wanted)) return true;
  const [protocol, address, port] = wanted.split("/");
  if (address !== "0.0.0.0") return node.hostPorts.has(`${protocol}/0.0.0.0/${port}`);
  for (const used of node.hostPorts) if (used.startsWith(`${protocol}/`) && used.endsWith(`/${port}`)) return true;
  return false;
}
