import { request } from "node:http";
import { maxUpnpBodyBytes, upnpAnswerMs } from "../../../defaults/index.ts";

/** A request to a router. */
export interface UpnpRequest {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks a router by HTTP, follows no redirect, and returns the body; `undefined` if that is longer than 64 KiB or takes 2 s. */
export async function askByHttp(
  url: URL,
  { method, headers, body }: UpnpRequest,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(upnpAnswerMs);
  const ending = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      // Without an agent, the connection ends with the answer.
      request(url, { method, headers: { ...headers }, agent: false, signal: ending })
        .on("error", reject)
        .on("response", (response) => void readBody(response).then(resolve, reject))
        .end(body);
    });
  } catch {
    return undefined;
  }
}

/** Leaving the loop early ends the connection. */
async function readBody(response: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maxUpnpBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
