import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { problemKinds } from "../../../src/plugin/http/problem.ts";
import { routes } from "../../../src/plugin/routes/api.ts";
import { maxMessagePackets, maxPacketBytes, maxWaitSeconds } from "../../../src/protocol.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";
import { encodeBindingRequest, parseBindingReply } from "../../../src/wire/stun-binding.ts";
import { stunAttribute } from "../../../src/wire/stun.ts";

const text = readFileSync("docs/protocol.md", "utf8");

/** The example of the STUN chapter. */
const credential = {
  username: /"id": "([\w-]{22})",\n {2}"address"/.exec(text)![1]!,
  password: /"secret": "([\w-]+)"/.exec(text)![1]!,
};
const challenge = {
  realm: "quicpipe",
  nonce: Buffer.from(/nonce `(\w+)`/.exec(text)![1]!),
  passwordAlgorithms: Buffer.from("00020000", "hex"),
};

function transactionId(first: number): Uint8Array {
  return Uint8Array.from({ length: 12 }, (_, index) => first + index);
}

const [firstRequest, secondRequest, success, unmovedRequest] = [
  ...text.matchAll(/```hex\n([\s\S]*?)```/g),
].map(([, hex]) => Buffer.from(hex!.replaceAll(/\s/g, ""), "hex"));

describe("docs/protocol.md", () => {
  it("derives connection IDs as the code does", () => {
    const key = Buffer.from(/With the key `(\w+)`/.exec(text)![1]!, "hex");
    const rows = [...text.matchAll(/^\| (\d+)\s+\| `([0-9a-f]{24})`/gm)];
    expect(rows).toHaveLength(4);
    for (const [, n, hex] of rows)
      expect(Buffer.from(deriveConnectionId(key, Number(n))).toString("hex")).toBe(hex);
  });

  it("shows the bytes of a STUN exchange as they are", () => {
    const first = { transactionId: transactionId(0), credential };
    expect(firstRequest).toEqual(Buffer.from(encodeBindingRequest(first)));
    const second = { transactionId: transactionId(12), credential, challenge };
    expect(secondRequest).toEqual(Buffer.from(encodeBindingRequest(second)));
    expect(parseBindingReply(success!, second)).toEqual({
      kind: "success",
      address: { address: "203.0.113.7", port: 4433 },
    });
    const unmoved = { transactionId: transactionId(24), credential, challenge, keepsAddress: true };
    expect(unmovedRequest).toEqual(Buffer.from(encodeBindingRequest(unmoved)));
  });

  it("lists the attributes under their numbers", () => {
    const listed = [...text.matchAll(/^\| [A-Z0-9()\-a-z]+\s+\| 0x([0-9a-f]{4})/gm)].map(([, hex]) =>
      Number.parseInt(hex!, 16),
    );
    // RFC 8489's older integrity attribute is known to the codec, but used by neither side.
    const used = Object.values(stunAttribute).filter((type) => type !== stunAttribute.messageIntegrity);
    expect(listed).toEqual([...used].sort((a, b) => a - b));
  });

  it("describes every route", () => {
    for (const { method, path } of routes)
      expect([
        method,
        path,
        new RegExp(`\\b${method}\\b[^\\n]*${path.replaceAll(/[{}]/g, String.raw`\$&`)}\``).test(text),
      ]).toEqual([method, path, true]);
  });

  it("names only codes that a request can be answered with", () => {
    for (const [code] of text.matchAll(/ERR_QUICPIPE_\w+/g))
      expect(Object.keys(problemKinds)).toContain(code);
  });

  it("states the limits that are the defaults", () => {
    const words = text.replaceAll(/\s+/g, " ");
    const ofSources = `| its source | ${defaults.stunRepliesPerSecond} | ${defaults.stunPerKind} |`;
    for (const statement of [
      `1 to the relay's limit (${defaults.maxCidsPerRegistration} unless configured)`,
      `limited to ${defaults.requestsPerMinute} per minute`,
      `At most ${defaults.maxSmallBodyBytes / 1024} KiB, messages ${defaults.maxMessageBodyBytes / 1024} KiB`,
      `1 to ${maxMessagePackets} UDP payloads, 1 to ${maxPacketBytes} bytes each`,
      `At most ${maxWaitSeconds};`,
      `may have ${defaults.maxWaitersPerSubject} long polls`,
      `for ${defaults.initialRouteTtlMs / 1000} seconds, for packets from A's address`,
      `of more than ${defaults.maxStunBytes} bytes is not answered`,
      `comes from its address | the registration and its subject | ${defaults.stunPerRegistration} and ${defaults.stunPerSubject} |`,
      `comes from elsewhere | the registration and its subject | ${defaults.stunPerRegistrationElsewhere} and ${defaults.stunPerSubjectElsewhere} |`,
      `R gave to the address it is from ${ofSources}`,
      `names one ${ofSources}`,
      `names none ${ofSources}`,
      `Of the ${defaults.maxWaitingStun} requests that may wait to be answered a subject has ${defaults.maxWaitingStunOfSubject}, and sources have ${defaults.maxWaitingStunOfKind} with each kind`,
      `at most ${defaults.stunPublicAmplification} times their request`,
      `every ${defaults.keepaliveMs / 1000} seconds as keepalive`,
    ])
      expect(words).toContain(statement);
    expect(defaults.minRegistrationTtlMs).toBe(10_000);
    expect(defaults.minMessageTtlMs).toBe(1000);
    expect(defaults.messageTombstoneMs).toBe(60_000);
  });
});
