import { describe, expect, it } from "vitest";
import { findingsOf, findingsPath, manifestNames } from "../../testing/findings.ts";

// `testing/findings/*.txt` are compared with what upstream says by hand; `npx vitest run --project unit -u <this file>` writes them anew.
describe.each(manifestNames())("%s", (resource) => {
  it("accepts the full manifest, and says what is wrong with each change of it", async () => {
    const { accepted, text } = await findingsOf(resource);
    expect(accepted.causes).toEqual([]);
    await expect(text).toMatchFileSnapshot(findingsPath(resource));
  });
});
