/** A line of a stream was longer than the reader allows. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/**
 * Splits bytes at line feeds and decodes each line as UTF-8; empty lines are skipped, an unfinished last line is not.
 * @throws {LineTooLongError} when a line has more than `limitBytes`.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<string, void, void> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      if (restBytes + piece.length > limitBytes) throw new LineTooLongError(`line of more than ${limitBytes} bytes`);
      const line = restBytes === 0 ? decode(piece) : decode(concat([...rest, piece]));
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line !== "") yield line;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > limitBytes) throw new LineTooLongError(`line of more than ${limitBytes} bytes`);
    }
  }
  if (restBytes > 0) yield decode(concat(rest));
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
