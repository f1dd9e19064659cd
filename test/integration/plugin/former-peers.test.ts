/** What peers of d817042 asked, which knew former paths alone: test/fixtures/former-exchange/record.mjs recorded it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { projectPath } from "../harness/child.ts";
import { connectHttp3, type Http3Answer, type Http3Client } from "../harness/http/http3-client.ts";
import { startPeerRelay } from "../harness/peers.ts";
import { tokenFor } from "../harness/token.ts";

type Fields = Readonly<Record<string, string>>;

/** A request of a peer, by its number. */
interface Asked {
  readonly id: number;
  readonly by: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Fields;
  readonly body?: object;
}

/** The answer to the request of a number. */
interface Answered {
  readonly answers: number;
  readonly status: number;
  readonly headers: Fields;
  readonly body?: object;
}

const recorded = readFileSync(projectPath("test/fixtures/former-exchange/exchange.json"), "utf8");
const exchange = JSON.parse(recorded) as readonly (Asked | Answered)[];

/** Members whose values are a relay's own, or a moment's. */
const own = new Set(["address", "relay", "secret", "createdAt", "expiresAt"]);

/** What of a former answer is in that of today, which may say more. */
function expected(value: unknown, name = ""): unknown {
  if (own.has(name)) return expect.any(String);
  if (Array.isArray(value)) return value.map((each) => expected(each));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([member, each]) => [member, expected(each, member)]);
  return expect.objectContaining(Object.fromEntries(members));
}

/** The requests again, at a relay of today that gives ids of its own. */
class Replay {
  readonly #clients: ReadonlyMap<string, Http3Client>;
  readonly #answers = new Map<number, Promise<Http3Answer>>();
  /** The ids here, by the former ones. */
  readonly #ids = new Map<string, string>();

  constructor(clients: ReadonlyMap<string, Http3Client>) {
    this.#clients = clients;
  }

  ask(asked: Asked): void {
    this.#answers.set(asked.id, this.#request(this.#here(asked)));
  }

  /** Returns the answer here, and what is expected of it. */
  async hear(answered: Answered): Promise<readonly [here: object, expected: object]> {
    const { status, headers, body } = await this.#answers.get(answered.answers)!;
    const here = body.length === 0 ? undefined : JSON.parse(body.toString());
    const former = answered.body as { id?: string } | undefined;
    if (former?.id && here?.id) this.#ids.set(former.id, here.id);
    // No peer looked at the location of a message, which is by another path now.
    const { location: _, ...fields } = answered.headers;
    const { answers: request } = answered;
    return [
      { request, status, headers, body: here },
      {
        request,
        status: answered.status,
        headers: expect.objectContaining(fields),
        body: expected(this.#here(answered).body),
      },
    ];
  }

  #here<Event>(event: Event): Event {
    const replaced = [...this.#ids].reduce(
      (text, [former, here]) => text.replaceAll(former, here),
      JSON.stringify(event),
    );
    return JSON.parse(replaced) as Event;
  }

  async #request({ by, method, path, headers, body }: Asked): Promise<Http3Answer> {
    const authorization = `Bearer ${await tokenFor(by)}`;
    const content = body && { body: JSON.stringify(body) };
    return this.#clients
      .get(by)!
      .request(path, { method, headers: { ...headers, authorization }, ...content });
  }
}

it("peers of a former version get the answers that they got", async () => {
  const { port, certificate } = await startPeerRelay();
  const clients = new Map<string, Http3Client>();
  for (const name of ["alice", "bob"]) clients.set(name, await connectHttp3(port, certificate, "auto"));
  const replay = new Replay(clients);
  for (const event of exchange) {
    if ("path" in event) replay.ask(event);
    else {
      const [here, former] = await replay.hear(event);
      expect(here).toEqual(former);
    }
  }
});
