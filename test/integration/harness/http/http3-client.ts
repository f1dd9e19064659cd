import { connectAsync } from "@currentspace/http3";
import { onTestFinished } from "vitest";
import { http3Code } from "../../../../src/http3/index.ts";

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
  /** Starts a GET whose body is read as it comes. */
  open(path: string, headers: Record<string, string>): AsyncIterable<Buffer>;
  /** Starts a GET, and takes no more of its answer once so many bytes of it came. */
  cancel(path: string, afterBytes: number): Promise<void>;
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
  const start = (method: string, path: string, headers: Record<string, string>, endStream: boolean) =>
    session.request(
      { ":method": method, ":scheme": "https", ":authority": `localhost:${port}`, ":path": path, ...headers },
      { endStream },
    );
  return {
    close: async () => void (await session.close()),
    open: (path, headers) => start("GET", path, headers, true),
    async cancel(path, afterBytes) {
      const stream = start("GET", path, {}, true);
      let bytes = 0;
      // Not `break`, which waits for the stream's end.
      await new Promise<void>((resolve) => {
        stream
          .on("error", () => undefined)
          .on("data", ({ length }: Buffer) => {
            if ((bytes += length) >= afterBytes) resolve();
          });
      });
      stream.close(http3Code.requestCancelled);
    },
    async request(path, { method = "GET", headers = {}, body } = {}) {
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const fields = bytes ? { ...headers, "content-length": String(bytes.length) } : headers;
      const stream = start(method, path, fields, !bytes);
      const answered = new Promise<Record<string, string>>((resolve) => stream.once("response", resolve));
      if (bytes) stream.end(bytes);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const answer = await answered;
      return { status: Number(answer[":status"]), headers: answer, body: Buffer.concat(chunks) };
    },
  };
}
