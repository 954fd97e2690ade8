import type { UnstructuredObject } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { certificateSigningRequestForm } from "./certificate-signing-request.ts";

/** Made with `openssl req -new`, without the lines around: of a node without and with names of hosts, of a person, of a node with a mailbox. */
const requests = {
  client:
    "MIHqMIGRAgEAMC8xFTATBgNVBAoMDHN5c3RlbTpub2RlczEWMBQGA1UEAwwNc3lzdGVtOm5vZGU6YTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCk8HYTXPKA+gaD4T0cIakULntm8NPa4w9nL9vyw+hfUrkA86tg2/gMesfFuiKJfPf3bm2N+MMlWBsqxjrCAQ52gADAKBggqhkjOPQQDAgNIADBFAiAtLySfyqZa2DaGy4oRi1FSvHx7kb1GTaXzDBv2HDpOhQIhAIYbz3aN0d6CtbeF/fhBroT3fnrqBJGAE+dSb59lStXf",
  serving:
    "MIIBDzCBtgIBADAvMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxFjAUBgNVBAMMDXN5c3RlbTpub2RlOmEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQpPB2E1zygPoGg+E9HCGpFC57ZvDT2uMPZy/b8sPoX1K5APOrYNv4DHrHxboiiXz3925tjfjDJVgbKsY6wgEOdoCUwIwYJKoZIhvcNAQkOMRYwFDASBgNVHREECzAJggFhhwQKAAABMAoGCCqGSM49BAMCA0gAMEUCIQCjq+8GRf5IBMtRzJpb1IT6TMQVun9HQala0LuN5oyFRAIgGThWieFMc0ur2xBblslbfQ+k8MW1cYSRig8rgWNHmf8=",
  person:
    "MIHWMH8CAQAwHTEMMAoGA1UECgwDZGV2MQ0wCwYDVQQDDARqYW5lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKTwdhNc8oD6BoPhPRwhqRQue2bw09rjD2cv2/LD6F9SuQDzq2Db+Ax6x8W6Iol89/dubY34wyVYGyrGOsIBDnaAAMAoGCCqGSM49BAMCA0cAMEQCIGytZZOIRVFlGlGfwBZMjmliS6VZPN9GrVxqx93gYjneAiA6uh2wE1RGjo7nB9gbDu+9ZhrezloySUdMw/YfpoNy4w==",
  mail: "MIIBGDCBvwIBADAvMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxFjAUBgNVBAMMDXN5c3RlbTpub2RlOmEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQpPB2E1zygPoGg+E9HCGpFC57ZvDT2uMPZy/b8sPoX1K5APOrYNv4DHrHxboiiXz3925tjfjDJVgbKsY6wgEOdoC4wLAYJKoZIhvcNAQkOMR8wHTAbBgNVHREEFDASggFhgQ14QGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIQCEFXTlw9mh4O/JCEgrAowGmdW5yexQ/eFrxZ8cg7AJogIgSNKBH7B+xP9f/7oVnasSdfw3xC4EeXYYeJgm3I8+9E8=",
} as const;

function specWith(request: string, usages?: readonly string[]): object {
  const spec = { request, ...(usages !== undefined && { usages: [...usages] }) };
  const object: UnstructuredObject = { apiVersion: "certificates.k8s.io/v1beta1", kind: "CertificateSigningRequest", metadata: {}, spec };
  certificateSigningRequestForm.applyDefaults?.(object);
  return object["spec"] as object;
}

function signerOf(name: keyof typeof requests, usages: readonly string[]): unknown {
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${requests[name]}\n-----END CERTIFICATE REQUEST-----\n`;
  return (specWith(btoa(pem), usages) as { signerName?: string }).signerName;
}

const client = ["digital signature", "key encipherment", "client auth"];
const server = ["digital signature", "server auth"];

test("the signer follows from what the request is for", () => {
  expect(signerOf("client", client)).toBe("kubernetes.io/kube-apiserver-client-kubelet");
  expect(signerOf("client", server)).toBe("kubernetes.io/legacy-unknown");
  expect(signerOf("serving", server)).toBe("kubernetes.io/kubelet-serving");
  expect(signerOf("serving", client)).toBe("kubernetes.io/legacy-unknown");
  expect(signerOf("serving", [...server, "client auth"])).toBe("kubernetes.io/legacy-unknown");
  expect(signerOf("mail", server)).toBe("kubernetes.io/legacy-unknown");
  expect(signerOf("person", client)).toBe("kubernetes.io/legacy-unknown");
});

test("what cannot be read has the signer of last resort, and usages come by default", () => {
  const expected = { signerName: "kubernetes.io/legacy-unknown", usages: ["digital signature", "key encipherment"] };
  for (const request of [
    "",
    "????",
    btoa("no request"),
    btoa(`-----BEGIN CERTIFICATE REQUEST-----\nMP8=\n-----END CERTIFICATE REQUEST-----`),
  ])
    expect(specWith(request), request).toMatchObject(expected);
});
