import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A webhook of a test: JSON in, JSON out, over TLS with a certificate of its own making. */
export interface WebhookServer extends AsyncDisposable {
  /** `https://127.0.0.1:12345`. */
  readonly url: string;
  readonly port: number;
  /** PEM in base64, as `clientConfig` wants it. */
  readonly caBundle: string;
}

/** What a broken webhook does instead of answering. */
export type Misbehaviour = (response: ServerResponse) => void;

/** Answers POSTs by path; what `answer` throws becomes a 500, and a function is called. `host` is where it listens; defaults to 127.0.0.1. */
export async function startWebhookServer(
  answer: (path: string, body: unknown) => unknown,
  { host = "127.0.0.1" }: { readonly host?: string } = {},
): Promise<WebhookServer> {
  const { certificate, key } = makeCertificate(host);
  const server: Server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      void (async () => {
        const path = new URL(request.url ?? "/", "https://localhost").pathname;
        const value = await answer(path, JSON.parse(Buffer.concat(chunks).toString()) as unknown);
        if (typeof value === "function") (value as Misbehaviour)(response);
        else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
      })().catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host}:${port}`,
    port,
    caBundle: certificate.toString("base64"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A certificate for an address that signs itself. `more` names, as openssl writes alternative names: `DNS:a.example`. */
export function makeCertificate(host: string, ...more: readonly string[]): { certificate: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "coracle-webhook-"));
  try {
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const alternatives = [`IP:${host}`, "DNS:localhost", "DNS:*.default.svc", ...more];
    const names = ["-subj", "/CN=webhook", "-addext", `subjectAltName=${alternatives.join()}`];
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
    execFileSync("openssl", [...args, ...names, ...files], { stdio: "ignore" });
    return { certificate: readFileSync(join(folder, "cert.pem")), key: readFileSync(join(folder, "key.pem")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
