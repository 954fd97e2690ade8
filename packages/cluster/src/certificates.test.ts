import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "@coracle/base";
import { CertificatesDamagedError, prepareCertificates, type ClusterCertificates } from "./certificates.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-pki-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const clock = new VirtualClock();
const prepare = (): Promise<ClusterCertificates> =>
  prepareCertificates({ directory, isKept: true, clock, addresses: ["127.0.0.1"], nodeAddress: "127.0.0.1" });
const file = (name: string): string => join(directory, "pki", name);

describe("prepareCertificates", () => {
  it("keeps the authority, the token key and the administrator's certificate", async () => {
    const first = await prepare();
    const second = await prepare();
    expect(second).toMatchObject({ authority: first.authority, admin: first.admin, serviceAccountKey: first.serviceAccountKey });
    expect(second.serving).not.toEqual(first.serving);
  });

  it.each([
    ["ca.crt", "pki/ca.crt, pki/ca.key: "],
    ["ca.key", "pki/ca.crt, pki/ca.key: "],
    ["front-proxy-ca.crt", "pki/front-proxy-ca.crt, pki/front-proxy-ca.key: "],
    ["sa.key", "pki/sa.key: "],
  ])("says when %s is damaged", async (name, message) => {
    await prepare();
    for (const text of ["", "garbage", readFileSync(file(name), "utf8").slice(0, 80)]) {
      writeFileSync(file(name), text);
      const error = await prepare().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CertificatesDamagedError);
      expect((error as Error).message.startsWith(message)).toBe(true);
      expect((error as Error).message).not.toContain("\n");
    }
  });

  it("says when a key is another's, and when there are directories or files in place of the other", async () => {
    await prepare();
    writeFileSync(file("ca.key"), readFileSync(file("sa.key")));
    await expect(prepare()).rejects.toThrow(
      new CertificatesDamagedError("pki/ca.crt, pki/ca.key: the authority's certificate and key do not belong together"),
    );
    rmSync(file("ca.key"));
    mkdirSync(file("ca.key"));
    await expect(prepare()).rejects.toThrow(new CertificatesDamagedError("pki/ca.key is a directory"));
    rmSync(join(directory, "pki"), { recursive: true });
    writeFileSync(join(directory, "pki"), "");
    await expect(prepare()).rejects.toThrow(new CertificatesDamagedError("pki is no directory"));
  });

  it("replaces the administrator's certificate when it is damaged, of another authority, or near its end", async () => {
    const { admin } = await prepare();
    writeFileSync(file("admin.crt"), "garbage");
    const second = await prepare();
    expect(second.admin).not.toEqual(admin);
    writeFileSync(file("admin.key"), "garbage");
    const third = await prepare();
    expect(third.admin).not.toEqual(second.admin);
    writeFileSync(file("admin.crt"), readFileSync(file("front-proxy-ca.crt")));
    const fourth = await prepare();
    expect((await prepare()).admin).toEqual(fourth.admin);
    await clock.advance(300 * 24 * 60 * 60 * 1000);
    expect((await prepare()).admin).not.toEqual(fourth.admin);
  });
});
