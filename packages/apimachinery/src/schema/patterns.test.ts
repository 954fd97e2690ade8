import { describe, expect, it } from "vitest";
import { compilePattern, loadPatterns, type Pattern } from "./patterns.ts";

async function compiled(pattern: string): Promise<Pattern> {
  await loadPatterns([pattern]);
  const result = compilePattern(pattern);
  if ("message" in result) throw new Error(result.message);
  return result;
}

describe("patterns", () => {
  it.each([
    ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", ["a", "a-b"], ["-a", "A", "a\n"]],
    ["^\\d{1,3}(ms|s)?$", ["5", "12ms"], ["1234", "5h", "٣"]],
    ["^a.c$", ["abc", "a\u2028c", "a😀c"], ["a\nc"]],
    ["^a\\sb$", ["a b", "a\tb"], ["a\u00a0b"]],
    ["^(?i)(abort|warn)?$", ["", "Abort", "WARN"], ["stop"]],
    ["^((?i)jan|feb|[1-9])$", ["JAN", "Feb", "3"], ["mar"]],
    ["^[[:alpha:]]+\\z", ["ab"], ["a1"]],
    ["(?P<x>a)b", ["xaby"], ["ba"]],
    ["^(a|b)+$", ["abab"], ["abc"]],
    ["a{2}", ["baab"], ["aba"]],
    ["^[^/]+/[^/]+$", ["a/b"], ["a", "a/b/c"]],
    ["^\\pL$", ["é"], ["1"]],
  ])("%s matches as Go's does", async (pattern, matches, others) => {
    const expression = await compiled(pattern);
    expect(matches.filter((text) => !expression.test(text))).toEqual([]);
    expect(others.filter((text) => expression.test(text))).toEqual([]);
  });

  it("that are wrong say why", async () => {
    for (const [pattern, message] of [
      ["(", "error parsing regexp: missing closing ): `(`"],
      ["^a**", "error parsing regexp: invalid nested repetition operator: `**`"],
      ["(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
      ["^[b-a]$", "error parsing regexp: invalid character class range: `b-a`"],
      ["\\1", "error parsing regexp: invalid escape sequence: `\\1`"],
    ] as const) {
      await loadPatterns([pattern]);
      expect(compilePattern(pattern)).toMatchObject({ message });
    }
  });

  it.each(["^(a+)+$", "(a|a)*b", "^(a|aa)+$", "a*a*a*a*b", "^(.*)*x$"])("%s takes linear time", async (pattern) => {
    expect((await compiled(pattern)).test(`${"a".repeat(3000)}!`)).toBe(false);
  });

  it("need no engine where JavaScript's own will do", () => {
    expect(loadPatterns(["^[a-z]+$", "^\\d{4}-\\d{2}$", "^(https?|ftp)://[^ ]+$"])).toBeUndefined();
  });
});
