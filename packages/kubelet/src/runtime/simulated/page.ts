import { createDeferred } from "@coracle/base";
import type { ByteStream } from "../runtime.ts";

const maxHeadBytes = 64 * 1024;

/** A connection to a simulated pod: answers one HTTP request with a page that names the pod. */
export function servePage(pod: { name: string; namespace: string }, port: number): ByteStream {
  const answer = createDeferred<Uint8Array | undefined>();
  let head = "";
  const respond = (): void => {
    const body = `simulated pod ${pod.namespace}/${pod.name}, port ${port}\n`;
    const fields = `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close`;
    answer.resolve(new TextEncoder().encode(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`));
  };
  return {
    readable: (async function* () {
      const bytes = await answer.promise;
      if (bytes !== undefined) yield bytes;
    })(),
    async write(chunk) {
      head += new TextDecoder("latin1").decode(chunk);
      if (head.includes("\r\n\r\n") || head.length > maxHeadBytes) respond();
    },
    end: () => answer.resolve(undefined),
    destroy: () => answer.resolve(undefined),
  };
}
