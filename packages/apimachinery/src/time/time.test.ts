import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isPercent, scaledIntOrPercent } from "../int-or-string/int-or-string.ts";
import { ageOf, formatDuration, humanDuration, parseDuration } from "./duration.ts";
import { canonicalMicroTime, canonicalTime, formatMicroTime, formatTime, parseTime } from "./time.ts";

test("durations are written as Go writes them, and read back", () => {
  const pairs = [
    ["90s", "1m30s"],
    ["1.5h", "1h30m0s"],
    ["100ms", "100ms"],
    ["1500us", "1.5ms"],
    ["0", "0s"],
    ["-5m", "-5m0s"],
  ] as const;
  for (const [text, canonical] of pairs) expect(formatDuration(parseDuration(text))).toBe(canonical);
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanos) => {
      expect(parseDuration(formatDuration(nanos))).toBe(nanos);
    }),
  );
  expect(() => parseDuration("5")).toThrow('time: missing unit in duration "5"');
});

test("ages are short", () => {
  const ages: [number, string][] = [
    [-5, "<invalid>"],
    [-1, "0s"],
    [5, "5s"],
    [119, "119s"],
    [125, "2m5s"],
    [600, "10m"],
    [10_000, "166m"],
    [14_460, "4h1m"],
    [86_400, "24h"],
    [172_800, "2d"],
    [176_400, "2d1h"],
    [69_120_000, "2y70d"],
  ];
  for (const [seconds, text] of ages) expect(humanDuration(seconds * 1000)).toBe(text);
});

test("hostile texts are refused at once", () => {
  expect(() => parseDuration(`${"11h".repeat(5000)}x`)).toThrow("invalid duration");
  expect(ageOf(undefined, 0)).toBe("<unknown>");
  expect(ageOf("1970-01-01T00:00:00Z", 90_000)).toBe("90s");
});

test("times are UTC, in whole seconds or microseconds", () => {
  expect(formatTime(1_700_000_000_999)).toBe("2023-11-14T22:13:20Z");
  expect(formatMicroTime(1_700_000_000_123)).toBe("2023-11-14T22:13:20.123000Z");
  expect(canonicalTime("2023-11-14T23:13:20.5+01:00")).toBe("2023-11-14T22:13:20Z");
  expect(canonicalMicroTime("2023-11-14T22:13:20.1234567Z")).toBe("2023-11-14T22:13:20.123456Z");
  expect(parseTime("2023-02-30T00:00:00Z")).toBeNaN();
  expect(() => canonicalTime("x")).toThrow('parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"');
});

test("percentages are of a total, rounded as asked", () => {
  expect(scaledIntOrPercent("25%", 3, "up")).toBe(1);
  expect(scaledIntOrPercent("25%", 3, "down")).toBe(0);
  expect(scaledIntOrPercent(7, 3, "up")).toBe(7);
  expect(() => scaledIntOrPercent("x", 3, "up")).toThrow("invalid type: string is not a percentage");
  expect(isPercent("25%")).toBe(true);
});
