import { silentLogger, systemClock, systemRandom } from "@coracle/base";
import type { UnstructuredObject } from "@coracle/apimachinery";
import {
  createCertificateAuthority,
  dayMs,
  generateKeyPair,
  issueCertificate,
  privateKeyToPem,
  type IssuedCertificate,
} from "@coracle/certificates";
import { LateActions, serverActionNames } from "../bootstrap/late-actions.ts";
import { assembleServer, type ApiServer, type ServerOptions } from "../server.ts";
import { fakeDefinitions } from "./fake-definitions.ts";
import { createFakeRegistry, type FakeRegistry } from "./fake-registry.ts";

export interface FakeServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly registry: FakeRegistry;
  readonly ca: string;
  issue(commonName: string, organizations: readonly string[], usage?: "client" | "server"): Required<IssuedCertificate>;
}

/** A server with real sockets, certificates and tokens before a registry that is none, for tests. */
export async function startFakeServer(rbac: readonly UnstructuredObject[] = [], more: Partial<ServerOptions> = {}): Promise<FakeServer> {
  const validity = { notBeforeMs: systemClock.now() - dayMs, notAfterMs: systemClock.now() + dayMs };
  const authority = createCertificateAuthority({ commonName: "test-ca", ...validity });
  const issue = (
    commonName: string,
    organizations: readonly string[],
    usage: "client" | "server" = "client",
  ): Required<IssuedCertificate> =>
    issueCertificate(authority, {
      commonName,
      organizations: [...organizations],
      usages: [usage],
      ipAddresses: ["127.0.0.1"],
      ...validity,
    }) as Required<IssuedCertificate>;
  const serving = issue("apiserver", [], "server");
  const actions = new LateActions(serverActionNames);
  const registry = createFakeRegistry(fakeDefinitions, actions.handlers, systemRandom);
  const server = assembleServer(
    {
      registry,
      actions,
      bootstrapRbac: () => rbac,
      openApi: async () => ({ v3: () => ({ openapi: "3.0.0", paths: {} }), v2: () => ({ swagger: "2.0", paths: {} }) }),
    },
    {
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      certificates: { cert: serving.certificatePem, key: serving.privateKeyPem, clientCa: authority.certificatePem },
      serviceAccountKey: privateKeyToPem(generateKeyPair().privateKey),
      listen: [{ host: "127.0.0.1", port: 0 }],
      serviceCidr: "10.96.0.0/16",
      advertiseAddress: "10.0.0.1",
      ...more,
    },
  );
  await server.start();
  return { server, registry, ca: authority.certificatePem, issue, [Symbol.asyncDispose]: () => server.stop() };
}
