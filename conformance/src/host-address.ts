import { networkInterfaces } from "node:os";

/** An IPv4 address of this machine that others may know it by; undefined when it has none but its loopback. */
export function hostAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}
