import { randomBytes } from "node:crypto";
import { request } from "node:https";
import type { Target } from "../attack.ts";
import { post } from "../clients/http3-frames.ts";
import { RawHttp3 } from "../clients/raw-http3.ts";
import { patienceMs } from "./patience.ts";

const bytes: Buffer = randomBytes(2 ** 18);

/** Uploads 256 KiB over HTTP/3. Reports whether all of it arrived. */
export async function uploadHttp3(target: Target, from: string): Promise<boolean> {
  const client = await RawHttp3.open(target, { from });
  try {
    const id = client.request(post("/upload", target), false);
    await client.upload(id, bytes.length, AbortSignal.timeout(patienceMs), true);
    return (await client.status(id, patienceMs)) === 200;
  } finally {
    client.close();
  }
}

/** Uploads 256 KiB over TCP. Reports whether all of it arrived. */
export function uploadTcp({ host, port, certificate: ca }: Target, localAddress: string): Promise<boolean> {
  const connection = { host, port, ca, servername: "localhost", localAddress, agent: false as const };
  const signal = AbortSignal.timeout(patienceMs);
  return new Promise((resolve) => {
    request({ ...connection, method: "POST", path: "/upload", signal }, (response) =>
      response.resume().on("end", () => resolve(response.statusCode === 200)),
    )
      .on("error", () => resolve(false))
      .end(bytes);
  });
}
