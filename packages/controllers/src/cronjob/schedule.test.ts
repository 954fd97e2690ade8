import { describe, expect, it } from "vitest";
import { parseSchedule } from "./schedule.ts";
import { createWallClock } from "./wall-clock.ts";

const times = (schedule: string, after: string, count: number, zone = ""): string[] => {
  const found: string[] = [];
  const parsed = parseSchedule(schedule, zone);
  for (let time = parsed.next(Date.parse(after)); time !== undefined && found.length < count; time = parsed.next(time))
    found.push(createWallClock(zone).format(time));
  return found;
};

describe("parseSchedule", () => {
  it.each([
    ["* * * * *", "2026-01-01T00:00:30Z", ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"]],
    ["*/20 1-3/2 * * *", "2026-01-01T01:30:00Z", ["2026-01-01T01:40:00Z", "2026-01-01T03:00:00Z"]],
    ["30 6-16/4 * * 1-5", "2026-01-02T14:30:00Z", ["2026-01-05T06:30:00Z", "2026-01-05T10:30:00Z"]],
    ["0 0 1 jan ?", "2026-01-01T00:00:00Z", ["2027-01-01T00:00:00Z"]],
    ["0 12 29 2 *", "2026-01-01T00:00:00Z", ["2028-02-29T12:00:00Z"]],
    // Both kinds of days are named: either is enough.
    ["0 0 13 * fri", "2026-02-01T00:00:00Z", ["2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z"]],
    ["0 0 */2 * fri", "2026-02-01T00:00:00Z", ["2026-02-03T00:00:00Z", "2026-02-05T00:00:00Z", "2026-02-06T00:00:00Z"]],
    ["@weekly", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z"]],
    ["@every 1h30m", "2026-01-01T00:00:10.5Z", ["2026-01-01T01:30:10Z", "2026-01-01T03:00:10Z"]],
    ["TZ=Asia/Kolkata 0 9 * * *", "2026-01-01T00:00:00Z", ["2026-01-01T03:30:00Z"]],
  ])("knows when %s is due after %s", (schedule, after, expected) => {
    expect(times(schedule, after, expected.length)).toEqual(expected);
  });

  it("skips times that daylight saving skips, and repeats those that it repeats", () => {
    const zone = "Europe/Berlin";
    expect(times("30 2 * * *", "2026-03-28T12:00:00Z", 2, zone)).toEqual(["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]);
    expect(times("30 2 * * *", "2026-10-24T12:00:00Z", 3, zone)).toEqual([
      "2026-10-25T02:30:00+02:00",
      "2026-10-25T02:30:00+01:00",
      "2026-10-26T02:30:00+01:00",
    ]);
    // Where midnight itself does not exist, the day begins at one.
    expect(times("15 * 4 11 *", "2018-11-03T12:00:00Z", 1, "America/Sao_Paulo")).toEqual(["2018-11-04T01:15:00-02:00"]);
    expect(times("0 5 * * *", "2018-11-03T12:00:00Z", 1, "America/Sao_Paulo")).toEqual(["2018-11-04T05:00:00-02:00"]);
  });

  it("finds nothing where there is nothing", () => {
    expect(parseSchedule("0 0 31 2 *").next(0)).toBeUndefined();
  });

  it.each([
    ["", "empty spec string"],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ["@never", "unrecognized descriptor: @never"],
    ["@every soon", 'failed to parse duration @every soon: time: invalid duration "soon"'],
  ])("refuses %j", (schedule, message) => {
    expect(() => parseSchedule(schedule)).toThrow(new Error(message));
  });

  it("refuses unknown time zones", () => {
    expect(() => parseSchedule("* * * * *", "Mars/Olympus")).toThrow(RangeError);
  });
});
