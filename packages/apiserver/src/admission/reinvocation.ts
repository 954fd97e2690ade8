/**
 * What the mutating plug-ins of one request share between their runs. When a webhook or a policy changed the object, all plug-ins run once
 * more, and webhooks and policies that asked for it (`reinvocationPolicy: IfNeeded`) do too.
 */
export class Reinvocation {
  /** Whether this is the second run. */
  isAgain = false;
  /** Whether somebody changed the object after others had seen it. */
  isWanted = false;
  readonly #memories = new Map<string, Memory>();

  /** What a plug-in remembers of the first run. */
  memoryOf(plugin: string): Memory {
    let memory = this.#memories.get(plugin);
    if (memory === undefined) this.#memories.set(plugin, (memory = new Memory()));
    return memory;
  }
}

/** Which of its webhooks or policies a plug-in has called, and which have to be called again. */
export class Memory {
  /** The object as the plug-in left it. */
  lastOutput: unknown;
  readonly #called = new Set<string>();
  readonly #due = new Set<string>();

  /** Whether `id` is to be called in the second run. */
  isDue(id: string): boolean {
    return this.#due.has(id);
  }

  /** Notes that `id` was called and wants to hear of later changes. */
  noteCalled(id: string): void {
    this.#called.add(id);
  }

  /** The object has changed: all that were called so far are due. */
  markDue(): void {
    for (const id of this.#called) this.#due.add(id);
    this.#called.clear();
  }
}
