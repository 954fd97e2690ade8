import type { RE2JS } from "@bufbuild/re2";

/** The compiled form of a pattern: a list of instructions that refer to one another. */
export type Program = ReturnType<RE2JS["re2"]>["prog"];

const opcodes = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, match: 6, nop: 7, rune: 8, runeAny: 10, runeAnyNotNewline: 11 } as const;
const conditions = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, wordBoundary: 16, noWordBoundary: 32 } as const;

/**
 * The matches from the left, as Go's FindAllString gives them. The library itself only tells whether there is a match; this walks its
 * programs with one thread for each instruction at most (Pike's machine), in time of the text times the pattern.
 */
export function findMatches(program: Program, text: string, limit: number): string[] {
  const found: string[] = [];
  let from = 0;
  let previousEnd = -1;
  while (found.length < limit && from <= text.length) {
    const match = new Search(program, text).run(from);
    if (match === undefined) break;
    const [start, end] = match;
    // An empty match right after another one does not count.
    if (start !== end || end !== previousEnd) found.push(text.slice(start, end));
    previousEnd = end;
    from = end > start ? end : end + widthAt(text, end);
  }
  return found;
}

function widthAt(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xff_ff ? 2 : 1;
}

interface Threads {
  /** Instructions that wait for a character, the preferred one first. */
  readonly instructions: number[];
  /** Where the match of each of them started. */
  readonly starts: number[];
  readonly known: Uint8Array;
}

class Search {
  readonly #program: Program;
  readonly #text: string;
  #end = -1;
  #start = -1;

  constructor(program: Program, text: string) {
    this.#program = program;
    this.#text = text;
  }

  run(from: number): [number, number] | undefined {
    let current = this.#threads();
    for (let index = from; ;) {
      if (this.#end < 0) this.#add(current, this.#program.start, { index, start: index });
      if (current.instructions.length === 0 && this.#end >= 0) break;
      const rune = this.#text.codePointAt(index);
      current = this.#step(current, rune, index);
      if (rune === undefined) break;
      index += rune > 0xff_ff ? 2 : 1;
    }
    return this.#end < 0 ? undefined : [this.#start, this.#end];
  }

  #threads(): Threads {
    return { instructions: [], starts: [], known: new Uint8Array(this.#program.numInst()) };
  }

  /** Lets every thread see the character; threads after one that has matched are given up. */
  #step(current: Threads, rune: number | undefined, index: number): Threads {
    const next = this.#threads();
    for (const [position, pc] of current.instructions.entries()) {
      const instruction = this.#program.getInst(pc);
      const start = current.starts[position] as number;
      if (instruction.op === opcodes.match) {
        this.#start = start;
        this.#end = index;
        break;
      }
      if (rune === undefined || !accepts(instruction, rune)) continue;
      this.#add(next, instruction.out, { index: index + (rune > 0xff_ff ? 2 : 1), start });
    }
    return next;
  }

  /** Follows the instructions that need no character. */
  #add(threads: Threads, first: number, { index, start }: { readonly index: number; readonly start: number }): void {
    const waiting = [first];
    const holds = conditionsAt(this.#text, index);
    for (let pc = waiting.pop(); pc !== undefined; pc = waiting.pop()) {
      if (threads.known[pc] === 1) continue;
      threads.known[pc] = 1;
      const { op, out, arg } = this.#program.getInst(pc);
      if (op === opcodes.alt || op === opcodes.altMatch) waiting.push(arg, out);
      else if (op === opcodes.capture || op === opcodes.nop) waiting.push(out);
      else if (op === opcodes.emptyWidth) {
        if ((arg & ~holds) === 0) waiting.push(out);
      } else if (op >= opcodes.match) {
        threads.instructions.push(pc);
        threads.starts.push(start);
      }
    }
  }
}

function accepts(instruction: ReturnType<Program["getInst"]>, rune: number): boolean {
  if (instruction.op === opcodes.runeAny) return true;
  if (instruction.op === opcodes.runeAnyNotNewline) return rune !== 10;
  return instruction.op >= opcodes.rune && instruction.matchRune(rune);
}

/** What is true between two characters: the start of a line, a word's end. */
function conditionsAt(text: string, index: number): number {
  const [before, after] = [text.charCodeAt(index - 1), text.charCodeAt(index)];
  let holds = 0;
  if (index === 0) holds |= conditions.beginText | conditions.beginLine;
  if (index === text.length) holds |= conditions.endText | conditions.endLine;
  if (before === 10) holds |= conditions.beginLine;
  if (after === 10) holds |= conditions.endLine;
  return holds | (isWord(before) === isWord(after) ? conditions.noWordBoundary : conditions.wordBoundary);
}

function isWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
}
