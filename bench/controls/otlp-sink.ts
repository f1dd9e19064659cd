/** Accepts and discards all OTLP over HTTP. Prints its port and exits at the end of standard input. */
import { createServer } from "node:http";

/** Default port of OTLP over HTTP. */
const port = 4318;

createServer((request, response) => void request.resume().on("end", () => response.end())).listen(
  port,
  "127.0.0.1",
  () => process.stdout.write(`${port}\n`),
);
process.stdin.resume().on("end", () => process.exit());
