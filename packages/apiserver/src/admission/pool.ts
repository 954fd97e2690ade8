import type { Random } from "@coracle/base";
import type { UnstructuredObject } from "@coracle/apimachinery";

const randomAttempts = 32;
/** No object has this uid. */
const nobody = "";

/**
 * Hands out things of which two services cannot have the same. What stored services hold is looked up in an index of the cache, which
 * follows every write before it is answered; what writes under way hold is kept here until they are over.
 */
export class Pool {
  readonly #holders: (value: string) => readonly Readonly<UnstructuredObject>[];
  readonly #reserved = new Map<string, { readonly uid: string; count: number }>();

  constructor(holders: (value: string) => readonly Readonly<UnstructuredObject>[]) {
    this.#holders = holders;
  }

  /** Whether nobody but the object with this uid holds the value. */
  isFree(value: string, uid: string): boolean {
    const reserved = this.#reserved.get(value);
    if (reserved !== undefined && reserved.uid !== uid) return false;
    return this.#holders(value).every(({ metadata }) => metadata.uid === uid);
  }

  /** Whether the stored object with this uid holds the value already. */
  isHeldBy(value: string, uid: string): boolean {
    return this.#holders(value).some(({ metadata }) => metadata.uid === uid);
  }

  /** Keeps a value that is free for the object from others until the result is called. */
  reserve(value: string, uid: string): () => void {
    const reserved = this.#reserved.get(value) ?? { uid, count: 0 };
    reserved.count++;
    this.#reserved.set(value, reserved);
    return () => {
      if (--reserved.count === 0) this.#reserved.delete(value);
    };
  }

  /** A free value out of `size` numbered ones: a random one, or when those are taken the first. Undefined when all are. */
  pick(size: number, random: Random, valueOf: (index: number) => string): string | undefined {
    for (let attempt = 0; attempt < randomAttempts; attempt++) {
      const value = valueOf(Math.floor(random.next() * size));
      if (this.isFree(value, nobody)) return value;
    }
    for (let index = 0; index < size; index++) {
      const value = valueOf(index);
      if (this.isFree(value, nobody)) return value;
    }
    return undefined;
  }
}
