import { connectAsync } from "@currentspace/http3";
import { onTestFinished } from "vitest";

/** An answer over HTTP/3, read to its end. */
export interface Http3Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** A request over HTTP/3. */
export interface Http3Request {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** An ordinary HTTP/3 client that knows nothing of the relay; closed when the test ends. */
export interface Http3Client {
  request(path: string, request?: Http3Request): Promise<Http3Answer>;
  close(): Promise<void>;
}

/** Connects a client, native or wasm, to a server on loopback whose certificate is `ca`. */
export async function connectHttp3(
  port: number,
  ca: string,
  runtimeMode: "wasm" | "auto",
): Promise<Http3Client> {
  const session = await connectAsync(`127.0.0.1:${port}`, {
    servername: "localhost",
    ca: Buffer.from(ca),
    runtimeMode,
  });
  onTestFinished(async () => void (await session.close()));
  return {
    close: async () => void (await session.close()),
    async request(path, { method = "GET", headers = {}, body } = {}) {
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const stream = session.request(
        {
          ":method": method,
          ":scheme": "https",
          ":authority": `localhost:${port}`,
          ":path": path,
          ...headers,
          ...(bytes ? { "content-length": String(bytes.length) } : {}),
        },
        { endStream: !bytes },
      );
      const answered = new Promise<Record<string, string>>((resolve) =>
        stream.once("response", (fields: Record<string, string>) => resolve(fields)),
      );
      if (bytes) stream.end(bytes);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const fields = await answered;
      return { status: Number(fields[":status"]), headers: fields, body: Buffer.concat(chunks) };
    },
  };
}
