import { once } from "node:events";
import { constants } from "node:http2";
import { expect, it } from "vitest";
import { testCertificate } from "../harness/certificate.ts";
import { startHttp2 } from "../harness/gateway.ts";
import { connectHttp2 } from "../harness/http/http2-client.ts";

const MiB = 2 ** 20;

it.each([64 * 1024 - 1, 16 * MiB])(
  "an HTTP/2 client with a window of %i bytes takes 256 MiB: that it says so is of use",
  async (initialWindowSize) => {
    const { certificate: cert } = await testCertificate();
    const piece = new Uint8Array(MiB);
    let left = 256;
    const body = (): ReadableStream =>
      new ReadableStream({
        pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
      });
    const gateway = await startHttp2({ fetch: () => new Response(body()) });
    const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, {
      ca: cert,
      servername: "localhost",
      settings: { initialWindowSize },
    });
    const stream = session.request({ ":path": "/" });
    let bytes = 0;
    stream.on("data", ({ length }: Buffer) => (bytes += length));
    await once(stream, "close");
    expect([stream.rstCode, bytes / MiB]).toEqual([constants.NGHTTP2_NO_ERROR, 256]);
  },
);
