/** Opens many sockets in a process that may have few, and prints how many those are. Argument: the port that they send to. */
import { setTimeout as pause } from "node:timers/promises";
import { ManySockets } from "../../../../src/peer/udp/many-sockets.ts";

const to = { address: "127.0.0.1", port: Number(process.argv[2]) };
const sockets = new ManySockets({ host: to.address, to, isCheck: () => false, onCheck: () => undefined });

/** Opens one more. Returns how many there are once the system has given it, or not. */
async function openOne(): Promise<number> {
  sockets.open(Buffer.from("opener"));
  await pause(1);
  return sockets.size;
}

let most = 0;
let left = await openOne();
while (left > most) {
  most = left;
  left = await openOne();
}
const afterwards = await openOne();
sockets.close();
process.stdout.write(JSON.stringify({ most, left, afterwards }));
