import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";

const rotateAtBytes = 16 * 1024 * 1024;

/** Appends lines to a file; at 16 MiB the file becomes `<file>.1`, so that at most two are kept. */
export function createLogFile(file: string): { write(line: string): void } & Disposable {
  let descriptor = openSync(file, "a", 0o600);
  let sizeBytes = statSync(file).size;
  let isOpen = true;
  return {
    write(line) {
      // Requests that end after the cluster may still have something to say.
      if (!isOpen) return;
      const data = `${line}\n`;
      if (sizeBytes + data.length > rotateAtBytes) {
        closeSync(descriptor);
        renameSync(file, `${file}.1`);
        descriptor = openSync(file, "a", 0o600);
        sizeBytes = 0;
      }
      sizeBytes += writeSync(descriptor, data);
    },
    [Symbol.dispose]() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}
