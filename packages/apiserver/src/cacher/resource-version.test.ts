import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkListQuery,
  checkWatchQuery,
  decodeContinueToken,
  encodeContinueToken,
  parseListVersion,
  parseResourceVersion,
} from "./resource-version.ts";

const messageOf = (check: () => void): string => {
  try {
    check();
    return "";
  } catch (error) {
    return (error as Error).message.replace('ListOptions.meta.k8s.io "" is invalid: ', "");
  }
};
const token = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("continue tokens", () => {
  it("come back as they were", () => {
    const part = fc.stringMatching(/^[a-z0-9][a-z0-9.-]*$/).filter((text) => text !== "." && text !== "..");
    const start = fc
      .tuple(part, fc.option(part, { nil: undefined }))
      .map(([left, right]) => (right === undefined ? left : `${left}/${right}`));
    const revision = fc.oneof(fc.constant(-1), fc.integer({ min: 1 }));
    fc.assert(
      fc.property(revision, start, (rv, key) => {
        expect(decodeContinueToken(encodeContinueToken({ revision: rv, start: key }))).toEqual({ revision: rv, start: key });
      }),
    );
  });

  it.each([
    ["no*n", ": illegal base64 data at input byte 2"],
    ["abcde", ": illegal base64 data at input byte 4"],
    [token({}), ": server does not recognize this encoded version "],
    [token({ v: "v2", rv: 1, start: "a" }), ": server does not recognize this encoded version v2"],
    [token({ v: "meta.k8s.io/v1", start: "a" }), ": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"],
    [token({ v: "meta.k8s.io/v1", rv: 1 }), ": encoded start key empty (version meta.k8s.io/v1)"],
    [token({ v: "meta.k8s.io/v1", rv: 1, start: "../secrets" }), ": ../secrets"],
    [token({ v: "meta.k8s.io/v1", rv: 1, start: "a/./b" }), ": a/./b"],
    [token({ v: "meta.k8s.io/v1", rv: 1, start: "a//b" }), ": a//b"],
    [token({ v: "meta.k8s.io/v1", rv: 1, start: "a/" }), ": a/"],
  ])("%s is refused", (text, problem) => {
    expect(messageOf(() => decodeContinueToken(text))).toBe(`invalid continue token: continue key is not valid${problem}`);
  });

  it("whatever they are, are read or refused with 400", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString("base64url")),
        ),
        (text) => {
          try {
            expect(decodeContinueToken(text).start).not.toBe("");
          } catch (error) {
            expect(error).toMatchObject({ code: 400, reason: "BadRequest" });
          }
        },
      ),
    );
  });
});

describe("resource versions", () => {
  it.each([
    ["abc", "invalid syntax"],
    ["-1", "invalid syntax"],
    ["1.5", "invalid syntax"],
    ["18446744073709551616", "value out of range"],
  ])("%s is none", (text, problem) => {
    const detail = `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": ${problem}`;
    expect(messageOf(() => parseListVersion(text))).toBe(`invalid resource version: ${detail}`);
    expect(messageOf(() => parseResourceVersion(text))).toBe(`ListOptions "" is invalid: ${detail}`);
  });

  it("may be large", () => {
    expect(parseListVersion("18446744073709551615")).toBe(2 ** 64);
    expect([parseListVersion(""), parseListVersion("0"), parseListVersion("007")]).toEqual([undefined, 0, 7]);
  });
});

const match = "resourceVersionMatch: Forbidden:";

describe("combinations", () => {
  it.each([
    [{}, ""],
    [{ resourceVersion: "1", resourceVersionMatch: "Exact" }, ""],
    [{ resourceVersion: "0", resourceVersionMatch: "NotOlderThan" }, ""],
    [{ resourceVersionMatch: "Exact" }, `${match} resourceVersionMatch is forbidden unless resourceVersion is provided`],
    [{ resourceVersion: "0", resourceVersionMatch: "Exact" }, `${match} resourceVersionMatch "exact" is forbidden for resourceVersion "0"`],
    [
      { resourceVersion: "1", continue: "x", resourceVersionMatch: "NotOlderThan" },
      `${match} resourceVersionMatch is forbidden when continue is provided`,
    ],
    [
      { resourceVersion: "1", resourceVersionMatch: "Nope" },
      'resourceVersionMatch: Unsupported value: "Nope": supported values: "Exact", "NotOlderThan", ""',
    ],
    [{ sendInitialEvents: false }, "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"],
  ])("of a list: %j", (query, message) => expect(messageOf(() => checkListQuery(query))).toBe(message));

  it.each([
    [{ resourceVersion: "1" }, ""],
    [{ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }, ""],
    [{ sendInitialEvents: true }, `${match} sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`],
    [{ resourceVersionMatch: "NotOlderThan" }, `${match} resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`],
    [
      { sendInitialEvents: true, resourceVersionMatch: "Exact" },
      `[${match} sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]`,
    ],
    [
      { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan", continue: "x" },
      `${match} resourceVersionMatch is forbidden when continue is provided`,
    ],
  ])("of a watch: %j", (query, message) => expect(messageOf(() => checkWatchQuery(query))).toBe(message));
});
