import { isIP } from "node:net";

/** The first address of a range that may be given out: `10.96.0.1` of `10.96.0.0/12`. @throws when it is no range. */
export function firstServiceAddress(cidr: string): string {
  const [network = "", bits = ""] = cidr.split("/");
  const family = isIP(network);
  if (family === 0 || !/^\d+$/.test(bits)) throw new Error(`${cidr} is not a range of addresses`);
  if (family === 4) {
    const value = network.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + 1;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
  }
  // The networks people use end in `::`; what follows is the host part.
  return network.endsWith("::") ? `${network}1` : network.replace(/:[0-9a-f]*$/i, ":1");
}
