import { expect, test } from "vitest";
import { denied } from "./errors.ts";

test.each([
  [undefined, 400],
  [{}, 400],
  [{ code: 200 }, 400],
  [{ code: 403 }, 403],
  [{ code: 599 }, 599],
  // No HTTP answer can have these.
  [{ code: 1000 }, 500],
  [{ code: 400.5 }, 500],
  [{ code: "403" }, 400],
])("a webhook that says no with %j is answered with %i", (result, code) => {
  const { status } = denied("w.example.com", result);
  expect(status).toMatchObject({
    status: "Failure",
    code,
    message: 'admission webhook "w.example.com" denied the request without explanation',
  });
});

test("the explanation is the message, or the reason", () => {
  const subject = 'admission webhook "w.example.com" denied the request';
  expect(denied("w.example.com", { message: "no", reason: "Forbidden" }).status).toMatchObject({
    message: `${subject}: no`,
    reason: "Forbidden",
  });
  expect(denied("w.example.com", { reason: "Forbidden" }).status.message).toBe(`${subject}: Forbidden`);
});
