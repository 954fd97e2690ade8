import { defineConfig } from "vitest/config";

// Packages are resolved to their TypeScript sources, so tests need no build. "import" must not be named: `require` would heed it too, and get
// modules that it cannot read.
const conditions = ["source", "node"];

// These wait for minutes to pass rather than work: conformance/run.mjs lets them do so beside the others.
const patient = ["conformance/batch.test.ts", "conformance/aggregation.test.ts", "conformance/official/cron-jobs.test.ts"];
const part = process.env["CONFORMANCE_PART"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["node"] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/**/src/**/*.test.ts", "tools/**/*.test.mjs"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "conformance",
          include: part === "patient" ? patient : ["conformance/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...(part === "others" ? patient : [])],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
