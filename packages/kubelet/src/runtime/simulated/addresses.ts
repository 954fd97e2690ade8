/** Hands out the addresses of an IPv4 range: not the network, not the bridge (the first), not the broadcast address. */
export class AddressPool {
  #base = 0;
  #size = 0;
  #next = 0;
  readonly #used = new Set<number>();

  constructor(cidr: string) {
    this.setRange(cidr);
  }

  setRange(cidr: string): void {
    const [address = "", bits = "24"] = cidr.split("/");
    const octets = address.split(".").map(Number);
    this.#base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    this.#size = 2 ** (32 - Number(bits));
    this.#next = 2;
  }

  /** @throws when the range is used up. */
  take(): string {
    for (let tries = 0; tries < this.#size; tries++) {
      if (this.#next >= this.#size - 1) this.#next = 2;
      const number = this.#base + this.#next++;
      if (this.#used.has(number)) continue;
      this.#used.add(number);
      return format(number);
    }
    throw new Error("failed to allocate for range 0: no IP addresses available in range set");
  }

  release(address: string): void {
    this.#used.delete(address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0));
  }
}

function format(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
