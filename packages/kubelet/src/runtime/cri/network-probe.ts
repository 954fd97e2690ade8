import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as http2Connect } from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { NetworkProbe } from "../runtime.ts";

export interface ProbeResult {
  readonly isSuccess: boolean;
  readonly output: string;
}

const bodyLimitBytes = 10 * 1024;
const userAgent = "kube-probe/1.36";

function hostPort(probe: NetworkProbe): string {
  return probe.host.includes(":") ? `[${probe.host}]:${probe.port}` : `${probe.host}:${probe.port}`;
}

/** A socket error in the words of Go's net package, which users see in events. */
function describeDialError(address: string, error: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
  };
  const text = words[error.code ?? ""];
  if (error.code === "ECONNRESET") return `read tcp ${address}: connection reset by peer`;
  return text === undefined ? error.message : `dial tcp ${address}: ${text}`;
}

function probeTcp(probe: NetworkProbe): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: probe.host, port: probe.port });
    const finish = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(probe.timeoutMs, () => finish({ isSuccess: false, output: `dial tcp ${hostPort(probe)}: i/o timeout` }));
    socket.once("connect", () => finish({ isSuccess: true, output: "" }));
    socket.once("error", (error) => finish({ isSuccess: false, output: describeDialError(hostPort(probe), error) }));
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= bodyLimitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bodyLimitBytes).toString();
}

function probeHeaders(probe: NetworkProbe): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { "User-Agent": userAgent, Accept: "*/*", Connection: "close" };
  for (const { name, value } of probe.headers ?? []) {
    const key = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
    // An empty value takes a default header away, as the kubelet does it.
    if (value === "" && (key === "User-Agent" || key === "Accept")) delete headers[key];
    else headers[key] = value;
  }
  return headers;
}

/** Certificates are not checked, as everywhere with probes. A redirect counts as success. */
async function probeHttp(probe: NetworkProbe): Promise<ProbeResult> {
  const path = probe.path === undefined || probe.path === "" ? "/" : probe.path.startsWith("/") ? probe.path : `/${probe.path}`;
  const isTls = probe.scheme === "HTTPS";
  const url = `${isTls ? "https" : "http"}://${hostPort(probe)}${path}`;
  const options = { host: probe.host, port: probe.port, path, headers: probeHeaders(probe), agent: false as const };
  const signal = AbortSignal.timeout(probe.timeoutMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = isTls
        ? httpsRequest({ ...options, signal, rejectUnauthorized: false }, resolve)
        : httpRequest({ ...options, signal }, resolve);
      request.once("error", reject);
      request.end();
    });
    const body = await readBody(response);
    response.destroy();
    const status = response.statusCode ?? 0;
    const isSuccess = status >= 200 && status < 400;
    return { isSuccess, output: isSuccess ? body : `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    const text = signal.aborted
      ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
      : describeDialError(hostPort(probe), error as NodeJS.ErrnoException);
    return { isSuccess: false, output: `Get "${url}": ${text}` };
  }
}

const servingStatus: Readonly<Record<number, string>> = { 0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN" };

/** `HealthCheckRequest{service}` in gRPC's framing: both are small enough to write by hand. */
function healthCheckRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const length = name.length < 128 ? [name.length] : [(name.length & 0x7f) | 0x80, name.length >> 7];
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...length]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** `grpc.health.v1.Health/Check` without TLS, as the kubelet asks it. */
function probeGrpc(probe: NetworkProbe): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const session = http2Connect(`http://${hostPort(probe)}`);
    const address = hostPort(probe);
    const finish = (isSuccess: boolean, output: string): void => {
      session.destroy();
      resolve({ isSuccess, output });
    };
    const within = `within ${probe.timeoutMs / 1000}s`;
    const unreachable = `timeout: failed to connect service "${address}" ${within}: context deadline exceeded`;
    session.setTimeout(probe.timeoutMs, () => finish(false, isConnected ? `timeout: health rpc did not complete ${within}` : unreachable));
    let isConnected = false;
    session.once("connect", () => (isConnected = true));
    // Upstream tries again until the time is over; the words are those of that end.
    session.once("error", (error) => finish(false, isConnected ? `error: health rpc probe failed: ${error.message}` : unreachable));
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": userAgent,
    });
    const chunks: Buffer[] = [];
    let grpcStatus: string | undefined;
    const noteStatus = (headers: Record<string, unknown>): void => void (grpcStatus ??= headers["grpc-status"] as string | undefined);
    stream.once("response", noteStatus);
    stream.once("trailers", noteStatus);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A connection that fails takes its streams along: the session tells why.
    stream.once("error", (error) => {
      if (isConnected) finish(false, `error: health rpc probe failed: ${error.message}`);
    });
    stream.once("end", () => {
      if (grpcStatus === "12")
        return finish(false, `error: this server does not implement the grpc health protocol (grpc.health.v1.Health)`);
      if (grpcStatus !== undefined && grpcStatus !== "0") return finish(false, `error: health rpc probe failed: code ${grpcStatus}`);
      // The answer's only field is the status, one varint.
      const message = Buffer.concat(chunks).subarray(5);
      const status = message[0] === 0x08 ? (message[1] ?? 0) : 0;
      return finish(
        status === 1,
        status === 1 ? `service healthy` : `service unhealthy (responded with "${servingStatus[status] ?? status}")`,
      );
    });
    stream.end(healthCheckRequest(probe.service ?? ""));
  });
}

/** Sends one probe from this machine. */
export function probeNetwork(probe: NetworkProbe): Promise<ProbeResult> {
  if (probe.type === "tcp") return probeTcp(probe);
  return probe.type === "http" ? probeHttp(probe) : probeGrpc(probe);
}
