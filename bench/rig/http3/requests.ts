/**
 * HTTP/3 client of `subjects/control.ts`.
 *
 *   requests <port> <file of the server's certificate> <file of tokens>      prints `ready`
 *
 * For each line `<action> <number> <IDs> <connections>` on standard input does an action as often, on as many new connections, and
 * prints how often it succeeded:
 *
 *   register        registers a new key with as many connection IDs
 *   plain           asks the plain route for as much as a registration, with a body of the same length
 *   message         leaves a message for the peer of the first token, as the others in turn, and takes it
 *   plain-message   two requests to the plain route with bodies and answers of the same lengths
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { connectAsync } from "@currentspace/http3";

const [port, certificateFile, tokensFile] = process.argv.slice(2);
const ca = readFileSync(certificateFile!);
const [own, ...others] = readFileSync(tokensFile!, "utf8").split("\n");
const initialBytes = 1200;

type Session = Awaited<ReturnType<typeof connectAsync>>;
type Ask = (path: string, body: unknown, token?: string) => Promise<{ readonly id?: string }>;
type Action = (ask: Ask, ids: number) => Promise<void>;

/** Answers of the relay, for the plain route to repeat. */
const answers: Record<"registration" | "sent" | "taken", { readonly id?: string }> = {
  registration: {},
  sent: {},
  taken: {},
};
let registration: string | undefined;
let sent = 0;

const actions: Readonly<Record<string, Action>> = {
  async register(ask, num) {
    answers.registration = await ask("/v1/register", registrationBody(num));
  },
  async plain(ask, num) {
    await ask("/plain", { ...registrationBody(num), answer: answers.registration });
  },
  async message(ask) {
    const message = { packets: [createInitial()] };
    const { id } = (answers.sent = await ask("/v1/mailbox/bench", message, nextToken()));
    answers.taken = await ask(`/v1/messages/${id}/take`, { registration });
  },
  async "plain-message"(ask) {
    await ask("/plain", { packets: [createInitial()], answer: answers.sent }, nextToken());
    await ask("/plain", { registration, answer: answers.taken });
  },
};

const first = await open();
registration = (await askOn(first)("/v1/register", registrationBody(1))).id;
await first.close();
process.stdout.write("ready\n");
for await (const line of createInterface(process.stdin)) {
  const [action, ...numbers] = line.split(" ");
  process.stdout.write(
    `${await repeat(actions[action!]!, ...(numbers.map(Number) as [number, number, number]))}\n`,
  );
}
process.exit();

async function repeat(action: Action, times: number, ids: number, connections: number): Promise<number> {
  let done = 0;
  for (let n = 0; n < connections; n++) {
    const session = await open();
    const ask = askOn(session);
    for (const end = (times * (n + 1)) / connections; done < end; done++) await action(ask, ids);
    await session.close();
  }
  return done;
}

function open(): Promise<Session> {
  return connectAsync(`127.0.0.1:${port}`, { servername: "localhost", ca });
}

/** Asks on a session. @throws unless the answer is a good one */
function askOn(session: Session): Ask {
  return async (path, body, token = own!) => {
    const text = JSON.stringify(body);
    const fields = {
      ":method": "POST",
      ":scheme": "https",
      ":authority": "localhost",
      ":path": path,
      "content-type": "application/json",
      "content-length": String(text.length),
      authorization: `Bearer ${token}`,
    };
    const request = session.request(fields);
    request.end(text);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = JSON.parse(Buffer.concat(chunks).toString());
    if ("code" in answer) throw new Error(`${path}: ${answer.code}: ${answer.detail}`);
    return answer;
  };
}

/** Each sender has only so many messages that wait or ended lately. */
function nextToken(): string {
  return others[sent++ % others.length]!;
}

function registrationBody(num: number): { readonly key: string; readonly num: number } {
  return { key: randomBytes(32).toString("base64"), num };
}

/** An Initial of a connection that nobody has (RFC 9000 §17.2.2): no token, and the rest is noise. */
function createInitial(): string {
  const idBytes = 12;
  const id = (): Buffer => Buffer.concat([Uint8Array.of(idBytes), randomBytes(idBytes)]);
  const head = Buffer.concat([Uint8Array.of(0xc0, 0, 0, 0, 1), id(), id(), Uint8Array.of(0)]);
  const rest = initialBytes - head.length - 2;
  const length = Uint8Array.of(0x40 | (rest >> 8), rest & 255);
  return Buffer.concat([head, length, randomBytes(rest)]).toString("base64");
}
