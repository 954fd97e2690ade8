import { expect, test } from "vitest";
import { renderLog } from "./container-log.ts";
import { logOptions } from "./log-options.ts";

const lines = [
  "2026-01-01T00:00:00.000000001Z stdout F one\n",
  "2026-01-01T00:00:01.000000000Z stderr P tw\n",
  "2026-01-01T00:00:01.000000000Z stderr F o\n",
  "2026-01-01T00:00:02.500000000Z stdout F three\n",
].join("");

async function render(query: string): Promise<string> {
  // Chunks end anywhere.
  const read = async function* () {
    for (let start = 0; start < lines.length; start += 7) yield Buffer.from(lines.slice(start, start + 7));
  };
  let text = "";
  for await (const bytes of renderLog(
    { read, size: async () => undefined },
    logOptions(new URLSearchParams(query), Date.UTC(2026, 0, 1, 0, 0, 3)),
  )) {
    text += Buffer.from(bytes).toString();
  }
  return text;
}

test("lines are chosen, joined and cut", async () => {
  expect(await render("")).toBe("one\ntwo\nthree\n");
  expect(await render("tailLines=2")).toBe("two\nthree\n");
  expect(await render("tailLines=0")).toBe("");
  expect(await render("limitBytes=5")).toBe("one\nt");
  expect(await render("sinceSeconds=1")).toBe("three\n");
  expect(await render("sinceTime=2026-01-01T00:00:01Z")).toBe("two\nthree\n");
  expect(await render("stream=Stderr")).toBe("two\n");
  expect(await render("timestamps=1&tailLines=1")).toBe("2026-01-01T00:00:02.500000000Z three\n");
  await expect(render("tailLines=x")).rejects.toThrow('Invalid value: "x" for tailLines');
});

test("a tail is read from the end of a long log", async () => {
  const line = (index: number): string => {
    const time = "2026-01-01T00:00:00.000000001Z";
    // Every third line was written in two parts.
    return index % 3 === 0 ? `${time} stdout P line\n${time} stdout F  ${index}\n` : `${time} stdout F line ${index}\n`;
  };
  const log = Buffer.from(Array.from({ length: 100_000 }, (_, index) => line(index)).join(""));
  let readBytes = 0;
  const source = {
    size: async () => log.length,
    read: async function* ({ offset }: { offset: number }) {
      for (let start = offset; start < log.length; start += 4096) {
        const chunk = log.subarray(start, start + 4096);
        readBytes += chunk.length;
        yield chunk;
      }
    },
  };
  for (const tailLines of [0, 1, 10, 1199, 5000, 99_999, 100_000, 200_000]) {
    readBytes = 0;
    const shown: Buffer[] = [];
    const options = logOptions(new URLSearchParams(`tailLines=${tailLines}`), 0);
    for await (const bytes of renderLog(source, options)) shown.push(Buffer.from(bytes));
    const count = Math.min(tailLines, 100_000);
    const expected = Array.from({ length: count }, (_, index) => `line ${100_000 - count + index}\n`).join("");
    expect(Buffer.concat(shown).toString()).toBe(expected);
    if (tailLines <= 10) expect(readBytes).toBeLessThan(200_000);
  }
});
