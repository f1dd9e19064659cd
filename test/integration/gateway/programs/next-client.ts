/** Two clients, one after the other, each with one request: prints what the second one is answered. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { get } from "../../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../../../scripts/hostile/clients/raw-http3.ts";

const [port, file] = process.argv.slice(2);
const certificate = readFileSync(file!, "utf8");
const target = { host: "127.0.0.1", port: Number(port), certificate, token: () => Promise.resolve("") };
const first = await RawHttp3.open(target);
first.request(get("/first", target), true);
await sleep(200);
process.stdout.write("asked\n");
await sleep(50);
first.close();
await sleep(150);
const second = await RawHttp3.open(target);
const id = second.request(get("/second", target), true);
await second.status(id, 2500);
process.stdout.write(`answer: ${Buffer.concat(second.answer(id).bytes).toString("latin1")}\n`);
second.close();
