/** Takes in what comes by OTLP over HTTP, and says yes to it. Prints its port, and ends with its standard input. */
import { createServer } from "node:http";

/** The port of OTLP over HTTP. */
const port = 4318;

createServer((request, response) => void request.resume().on("end", () => response.end())).listen(
  port,
  "127.0.0.1",
  () => process.stdout.write(`${port}\n`),
);
process.stdin.resume().on("end", () => process.exit());
