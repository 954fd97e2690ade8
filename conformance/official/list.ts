import { readFileSync } from "node:fs";

/** What an official conformance test needs: an API alone, controllers, kubectl, or real containers, networks, storage. */
export type Need = "api" | "controllers" | "kubectl" | "containers" | "networking" | "storage";

interface OfficialTest {
  readonly name: string;
  readonly need: Need;
}

const path = new URL("list.json", import.meta.url);
const names = new Set((JSON.parse(readFileSync(path, "utf8")) as OfficialTest[]).map(({ name }) => name));

/** The name of an official conformance test, for a test of ours that proves the same. @throws when there is no such test. */
export function official(sig: string, test: string): string {
  const name = `[sig-${sig}] ${test} [Conformance]`;
  if (!names.has(name)) throw new Error(`no official test is called ${name}`);
  return name;
}
