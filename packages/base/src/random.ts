/** Randomness as a dependency: seeded in simulations, the machine's in production. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** Cryptographically strong randomness. */
export const systemRandom: Random = {
  next() {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
  bytes(length) {
    return crypto.getRandomValues(new Uint8Array(length));
  },
};

/** Repeatable randomness (mulberry32). Never for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

/** A random (version 4) UUID. */
export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

// No vowels (and no 0, 1 or 3), so that generated names spell nothing; the alphabet of upstream's `rand.SafeEncodeString`.
const nameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** The suffix that `generateName` and controllers append: `length` characters of upstream's safe alphabet. */
export function randomNameSuffix(random: Random, length = 5): string {
  let suffix = "";
  for (let index = 0; index < length; index++) suffix += nameAlphabet[Math.floor(random.next() * nameAlphabet.length)];
  return suffix;
}

/** Replaces each decimal digit or letter of a hash with upstream's safe alphabet (`rand.SafeEncodeString`). */
export function safeEncodeName(text: string): string {
  let encoded = "";
  for (const character of text) encoded += nameAlphabet[character.charCodeAt(0) % nameAlphabet.length];
  return encoded;
}
