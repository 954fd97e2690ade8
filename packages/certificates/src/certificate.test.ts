import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import {
  createCertificateAuthority,
  createCertificateSigningRequest,
  dayMs,
  issueCertificate,
  loadCertificateAuthority,
  parseCertificateSigningRequest,
  readCertificate,
} from "./index.ts";

const validity = { notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + 365 * dayMs };
const authority = createCertificateAuthority({ commonName: "kubernetes", ...validity, notAfterMs: Date.now() + 3650 * dayMs });
const serverOptions = {
  commonName: "kube-apiserver",
  usages: ["server"],
  dnsNames: ["kubernetes.default.svc", "localhost"],
  ipAddresses: ["127.0.0.1", "10.96.0.1", "fd00::1"],
  ...validity,
} as const;
const server = issueCertificate(authority, serverOptions);
const client = issueCertificate(authority, {
  commonName: "jane",
  organizations: ["system:masters", "dev"],
  usages: ["client"],
  ...validity,
});
const folder = mkdtempSync(join(tmpdir(), "certificates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("certificates", () => {
  it("say what was asked for", () => {
    expect(readCertificate(server.certificatePem)).toMatchObject({
      dnsNames: ["kubernetes.default.svc", "localhost"],
      ipAddresses: ["127.0.0.1", "10.96.0.1", "FD00:0:0:0:0:0:0:1"],
    });
    expect(readCertificate(client.certificatePem).subject.commonName).toBe("jane");
    expect([...readCertificate(client.certificatePem).subject.organizations].sort()).toEqual(["dev", "system:masters"]);
    expect(readCertificate(client.certificatePem).notAfterMs).toBe(Math.floor(validity.notAfterMs / 1000) * 1000);
  });

  it("carry their authority's signature", () => {
    const issuer = new X509Certificate(authority.certificatePem);
    const certificate = new X509Certificate(server.certificatePem);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(issuer.ca).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("10.96.0.1")).toBe("10.96.0.1");
  });

  it("outlive the year 2050", () => {
    const far = issueCertificate(authority, {
      commonName: "far",
      usages: ["client"],
      notBeforeMs: Date.UTC(2049, 11, 31),
      notAfterMs: Date.UTC(2060, 0, 1),
    });
    expect(readCertificate(far.certificatePem)).toMatchObject({ notBeforeMs: Date.UTC(2049, 11, 31), notAfterMs: Date.UTC(2060, 0, 1) });
  });

  it("are loaded with their key, and only with it", () => {
    expect(loadCertificateAuthority(authority.certificatePem, authority.privateKeyPem).subject.commonName).toBe("kubernetes");
    expect(() => loadCertificateAuthority(authority.certificatePem, client.privateKeyPem ?? "")).toThrow(/belong together/);
  });

  it("satisfy both sides of a mutual TLS handshake", async () => {
    const listener = createServer(
      { cert: server.certificatePem, key: server.privateKeyPem, ca: authority.certificatePem, requestCert: true, rejectUnauthorized: true },
      (socket: TLSSocket) => {
        socket.end(String(socket.getPeerCertificate().subject.CN));
      },
    ).listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as { port: number };
    const name = await new Promise<string>((resolve, reject) => {
      const socket = connect({
        host: "127.0.0.1",
        port,
        ca: authority.certificatePem,
        cert: client.certificatePem,
        key: client.privateKeyPem,
      });
      socket.on("data", (chunk) => resolve(chunk.toString())).on("error", reject);
    });
    expect(name).toBe("jane");
    await new Promise((resolve) => listener.close(resolve));
  });

  it.runIf(spawnSync("openssl", ["version"]).status === 0)("are valid to OpenSSL", () => {
    writeFileSync(join(folder, "ca.pem"), authority.certificatePem);
    writeFileSync(join(folder, "server.pem"), server.certificatePem);
    writeFileSync(join(folder, "client.pem"), client.certificatePem);
    const verify = (purpose: string, file: string): string =>
      execFileSync("openssl", ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", join(folder, "ca.pem"), join(folder, file)], {
        encoding: "utf8",
      });
    expect(verify("sslserver", "server.pem")).toMatch(/OK/);
    expect(verify("sslclient", "client.pem")).toMatch(/OK/);
  });
});

describe("signing requests", () => {
  it("come back as they were made", () => {
    const request = createCertificateSigningRequest(
      { commonName: "system:node:a", organizations: ["system:nodes"], dnsNames: ["a"] },
      client.privateKeyPem ?? "",
    );
    expect(parseCertificateSigningRequest(request)).toMatchObject({
      subject: { commonName: "system:node:a", organizations: ["system:nodes"] },
      dnsNames: ["a"],
    });
  });

  it.runIf(spawnSync("openssl", ["version"]).status === 0)("of OpenSSL are understood and can be signed", () => {
    const key = join(folder, "key.pem");
    const file = join(folder, "request.pem");
    execFileSync(
      "openssl",
      [
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        file,
        "-subj",
        "/O=dev/CN=jane",
        "-addext",
        "subjectAltName=DNS:jane.example,IP:10.0.0.1",
      ],
      { stdio: "ignore" },
    );
    const pem = execFileSync("cat", [file], { encoding: "utf8" });
    const request = parseCertificateSigningRequest(pem);
    expect(request).toMatchObject({
      subject: { commonName: "jane", organizations: ["dev"] },
      dnsNames: ["jane.example"],
      ipAddresses: ["10.0.0.1"],
    });
    const issued = issueCertificate(authority, { ...request.subject, usages: ["client"], publicKey: request.publicKey, ...validity });
    expect(issued.privateKeyPem).toBeUndefined();
    expect(new X509Certificate(issued.certificatePem).publicKey.equals(request.publicKey)).toBe(true);
  });

  it("are refused when tampered with", () => {
    const request = createCertificateSigningRequest({ commonName: "jane" }, client.privateKeyPem ?? "");
    const bytes = Buffer.from(request.replace(/-----[^-]+-----/g, ""), "base64");
    const at = bytes.indexOf("jane");
    bytes.write("evil", at);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(() => parseCertificateSigningRequest(forged)).toThrow(/signature/);
    expect(() => parseCertificateSigningRequest("nonsense")).toThrow(/no "CERTIFICATE REQUEST" block/);
  });
});
