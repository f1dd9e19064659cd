import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StunClient } from "../../../../src/peer/relay/stun-client.ts";
import { encodeStun, longTermKey, parseStun, stunAttribute, stunType } from "../../../../src/wire/stun.ts";
import {
  encodeErrorCode,
  encodeXorAddress,
  passwordAlgorithmSha256,
} from "../../../../src/wire/stun-values.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const credential = { username: "id", password: "secret" };
const key = longTermKey("id", "quicpipe", "secret");
const address = { address: "203.0.113.7", port: 4433 };

function challenge(transactionId: Uint8Array, code: number, nonce: string): Uint8Array {
  const attributes: [number, Uint8Array][] = [
    [stunAttribute.errorCode, encodeErrorCode({ code, reason: "" })],
    [stunAttribute.realm, Buffer.from("quicpipe")],
    [stunAttribute.nonce, Buffer.from(nonce)],
    [stunAttribute.passwordAlgorithms, passwordAlgorithmSha256],
  ];
  return encodeStun({ type: stunType.error, transactionId, attributes });
}

function success(transactionId: Uint8Array, withKey: Uint8Array | null = key): Uint8Array {
  const attributes: [number, Uint8Array][] = [
    [stunAttribute.xorMappedAddress, encodeXorAddress(address, transactionId)!],
  ];
  return encodeStun({ type: stunType.success, transactionId, attributes }, withKey ?? undefined);
}

/** A client whose requests a relay answers as the test says; `undefined` is silence. */
function setUp(answer: (transactionId: Uint8Array, nonce: string | undefined) => Uint8Array | undefined): {
  client: StunClient;
  sentAtMs: number[];
} {
  const sentAtMs: number[] = [];
  const startMs = Date.now();
  const client: StunClient = new StunClient((datagram) => {
    sentAtMs.push(Date.now() - startMs);
    const { transactionId, attributes } = parseStun(datagram)!;
    const nonce = attributes.get(stunAttribute.nonce);
    const reply = answer(transactionId, nonce && Buffer.from(nonce).toString());
    if (reply) queueMicrotask(() => client.receive(reply));
  });
  return { client, sentAtMs };
}

describe("the STUN client", () => {
  it("answers the relay's challenge, and keeps the nonce for the next time", async () => {
    const { client, sentAtMs } = setUp((id, nonce) => (nonce ? success(id) : challenge(id, 401, "n1")));
    expect(await client.bind(credential)).toEqual(address);
    expect(sentAtMs).toHaveLength(2);
    expect(await client.bind(credential)).toEqual(address);
    expect(sentAtMs).toHaveLength(3);
  });

  it("tells what the latest answer showed, until a request fails", async () => {
    let knows = true;
    const { client } = setUp((id, nonce) => (nonce && knows ? success(id) : challenge(id, 401, "n1")));
    expect(client.lastSeen).toBeUndefined();
    await client.bind(credential);
    expect(client.lastSeen).toEqual({ address: "203.0.113.7:4433", atMs: performance.now() });
    knows = false;
    await expect(client.bind(credential)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    });
    expect(client.lastSeen).toBeUndefined();
  });

  it("takes a new nonce where the old one is stale", async () => {
    let current = "n1";
    const { client, sentAtMs } = setUp((id, nonce) =>
      nonce === current ? success(id) : challenge(id, nonce ? 438 : 401, current),
    );
    await client.bind(credential);
    current = "n2";
    expect(await client.bind(credential)).toEqual(address);
    expect(sentAtMs).toHaveLength(4);
  });

  it("says that the registration is gone where the credential is refused", async () => {
    const { client } = setUp((id) => challenge(id, 401, "n1"));
    await expect(client.bind(credential)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    });
  });

  it("retransmits ever more slowly, then says that the relay is out of reach", async () => {
    const { client, sentAtMs } = setUp(() => undefined);
    const bound = expect(client.bind(credential)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
    });
    await vi.advanceTimersByTimeAsync(11_500);
    await bound;
    expect(sentAtMs).toEqual([0, 500, 1500, 3500, 7500]);
  });

  it("does not believe a success that another wrote, nor garbage", async () => {
    const forged = longTermKey("id", "quicpipe", "a guess");
    const { client } = setUp((id, nonce) => (nonce ? success(id, forged) : challenge(id, 401, "n1")));
    const bound = expect(client.bind(credential)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
    });
    client.receive(Buffer.from("garbage"));
    await vi.advanceTimersByTimeAsync(12_000);
    await bound;
  });

  it("gives up where the relay challenges for ever", async () => {
    let n = 0;
    const { client, sentAtMs } = setUp((id) => challenge(id, 438, `n${n++}`));
    await expect(client.bind(credential)).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
    expect(sentAtMs).toHaveLength(3);
  });

  it("asks without a credential, and takes an answer without integrity", async () => {
    const { client, sentAtMs } = setUp((id) => success(id, null));
    expect(await client.ask()).toEqual(address);
    expect([sentAtMs, client.lastSeen]).toEqual([[0], undefined]);
  });

  it("asks a second port that is silent three times in 2.5 s", async () => {
    const { client, sentAtMs } = setUp(() => undefined);
    const asked = client.ask();
    await vi.advanceTimersByTimeAsync(2500);
    expect(await asked).toBeUndefined();
    expect(sentAtMs).toEqual([0, 500, 1500]);
  });

  it("gives its requests up when it is closed", async () => {
    const { client } = setUp(() => undefined);
    const bound = expect(client.bind(credential)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
    });
    client.close();
    await bound;
  });
});
