import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@coracle/base";
import {
  createCertificateAuthority,
  dayMs,
  generateKeyPair,
  issueCertificate,
  loadCertificateAuthority,
  privateKeyToPem,
  readCertificate,
  type CertificateAuthority,
  type IssuedCertificate,
  type IssueOptions,
} from "@coracle/certificates";

/** The keys and certificates of a cluster; PEM. */
export interface ClusterCertificates {
  readonly authority: string;
  readonly serving: Required<IssuedCertificate>;
  readonly admin: Required<IssuedCertificate>;
  /** With which the API server calls kubelets. */
  readonly kubeletClient: Required<IssuedCertificate>;
  readonly kubeletServing: Required<IssuedCertificate>;
  /** By which the API server and extension API servers know each other; its authority signs nothing else. */
  readonly frontProxy: { readonly authority: string; readonly client: Required<IssuedCertificate> };
  /** Signs service account tokens. */
  readonly serviceAccountKey: string;
}

export interface CertificateOptions {
  readonly directory: string;
  /** Certificates are kept for the next start; not for clusters that have none. */
  readonly isKept: boolean;
  readonly clock: Clock;
  /** At which the API server is reached. */
  readonly addresses: readonly string[];
  readonly nodeAddress: string;
}

/** The common name of the API server's certificate for extension API servers. */
export const frontProxyName = "front-proxy-client";

const authorityValidityMs = 3650 * dayMs;
const validityMs = 365 * dayMs;

const apiServerNames = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost"];

/**
 * The cluster's certificates: its authority, its token key and the administrator's certificate are kept for as long as the cluster's data, so
 * that kubeconfigs stay valid; what the components use among themselves is issued at every start.
 */
export async function prepareCertificates(options: CertificateOptions): Promise<ClusterCertificates> {
  const { clock, addresses, nodeAddress } = options;
  const keys = await KeyFolder.open(options);
  const [authority, frontProxyAuthority] = await Promise.all([
    keys.authority("ca", "kubernetes"),
    keys.authority("front-proxy-ca", "front-proxy-ca"),
  ]);
  const notBeforeMs = clock.now() - dayMs;
  const issue = (subject: Omit<IssueOptions, "notBeforeMs" | "notAfterMs">, issuer = authority): Required<IssuedCertificate> =>
    issueCertificate(issuer, { ...subject, notBeforeMs, notAfterMs: clock.now() + validityMs }) as Required<IssuedCertificate>;
  return {
    authority: authority.certificatePem,
    serving: issue({ commonName: "kube-apiserver", usages: ["server"], dnsNames: apiServerNames, ipAddresses: addresses }),
    admin: await keys.certificate("admin", authority, () =>
      issue({ commonName: "kubernetes-admin", organizations: ["system:masters"], usages: ["client"] }),
    ),
    kubeletClient: issue({ commonName: "kube-apiserver-kubelet-client", organizations: ["kubeadm:cluster-admins"], usages: ["client"] }),
    kubeletServing: issue({
      commonName: "kubelet",
      usages: ["server"],
      dnsNames: ["localhost"],
      ipAddresses: [...new Set(["127.0.0.1", nodeAddress])],
    }),
    frontProxy: {
      authority: frontProxyAuthority.certificatePem,
      client: issue({ commonName: frontProxyName, usages: ["client"] }, frontProxyAuthority),
    },
    serviceAccountKey: await keys.serviceAccountKey(),
  };
}

/** The kept keys are not what was written. Without them nothing that the cluster has issued is valid any longer. */
export class CertificatesDamagedError extends Error {
  override readonly name = "CertificatesDamagedError";
}

function orDamaged<T>(what: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    throw new CertificatesDamagedError(`${what}: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
}

/** The folder `pki` of a cluster, or nothing at all for clusters that keep nothing. */
class KeyFolder {
  readonly #folder: string | undefined;
  readonly #clock: Clock;

  private constructor(folder: string | undefined, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  static async open({ directory, isKept, clock }: CertificateOptions): Promise<KeyFolder> {
    if (!isKept) return new KeyFolder(undefined, clock);
    const folder = join(directory, "pki");
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST" || error.code === "ENOTDIR") throw new CertificatesDamagedError("pki is no directory", { cause: error });
      throw error;
    });
    return new KeyFolder(folder, clock);
  }

  async authority(name: string, commonName: string): Promise<CertificateAuthority> {
    const [certificate, key] = await Promise.all([this.#read(`${name}.crt`), this.#read(`${name}.key`)]);
    if (certificate !== undefined && key !== undefined)
      return orDamaged(`pki/${name}.crt, pki/${name}.key`, () => loadCertificateAuthority(certificate, key));
    const made = createCertificateAuthority({
      commonName,
      notBeforeMs: this.#clock.now() - dayMs,
      notAfterMs: this.#clock.now() + authorityValidityMs,
    });
    // The key first: a certificate without a key would be taken for a complete pair on the next start.
    await this.#write(`${name}.key`, made.privateKeyPem);
    await this.#write(`${name}.crt`, made.certificatePem);
    return made;
  }

  /** A certificate that is kept until a quarter of its life is left. One that is damaged is replaced: it stands for nothing else. */
  async certificate(
    name: string,
    issuer: CertificateAuthority,
    issue: () => Required<IssuedCertificate>,
  ): Promise<Required<IssuedCertificate>> {
    const [certificatePem, privateKeyPem] = await Promise.all([this.#read(`${name}.crt`), this.#read(`${name}.key`)]);
    const isKept = certificatePem !== undefined && privateKeyPem !== undefined;
    if (isKept && this.#isUsable(certificatePem, privateKeyPem, issuer)) return { certificatePem, privateKeyPem };
    const made = issue();
    await this.#write(`${name}.key`, made.privateKeyPem);
    await this.#write(`${name}.crt`, made.certificatePem);
    return made;
  }

  #isUsable(certificatePem: string, privateKeyPem: string, issuer: CertificateAuthority): boolean {
    try {
      const certificate = new X509Certificate(certificatePem);
      const isOfIssuer = certificate.verify(new X509Certificate(issuer.certificatePem).publicKey);
      const isFresh = readCertificate(certificatePem).notAfterMs - this.#clock.now() > validityMs / 4;
      return isFresh && isOfIssuer && certificate.checkPrivateKey(createPrivateKey(privateKeyPem));
    } catch {
      return false;
    }
  }

  async serviceAccountKey(): Promise<string> {
    const kept = await this.#read("sa.key");
    if (kept !== undefined) {
      orDamaged("pki/sa.key", () => createPrivateKey(kept));
      return kept;
    }
    const made = privateKeyToPem(generateKeyPair().privateKey);
    await this.#write("sa.key", made);
    return made;
  }

  async #read(name: string): Promise<string | undefined> {
    if (this.#folder === undefined) return undefined;
    try {
      return await readFile(join(this.#folder, name), "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      if (code === "EISDIR") throw new CertificatesDamagedError(`pki/${name} is a directory`, { cause: error });
      throw error;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    if (this.#folder === undefined) return;
    const file = join(this.#folder, name);
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}
