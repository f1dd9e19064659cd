/**
 * HTTP/3 client. For each line `<port> <bytes>` on standard input, downloads that many bytes from the port on loopback
 * over a new connection, and prints the time from the request to the last byte, in ms.
 *
 *   download <file of the server's certificate>
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { connectAsync } from "@currentspace/http3";
import { QuicpipeError } from "../../../src/errors.ts";

const ca = readFileSync(process.argv[2]!);

for await (const line of createInterface(process.stdin)) {
  const [port, bytes] = line.split(" ").map(Number);
  process.stdout.write(`${await download(port!, bytes!)}\n`);
}
process.exit();

async function download(port: number, bytes: number): Promise<number> {
  const session = await connectAsync(`127.0.0.1:${port}`, { servername: "localhost", ca });
  const start = performance.now();
  const fields = { ":method": "GET", ":scheme": "https", ":authority": "localhost", ":path": `/${bytes}` };
  let received = 0;
  for await (const chunk of session.request(fields, { endStream: true }))
    received += (chunk as Buffer).length;
  const ms = performance.now() - start;
  await session.close();
  if (received === bytes) return ms;
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `${received} of ${bytes} bytes came from port ${port}`);
}
