import { expect, it } from "vitest";
import { type Counters, createCounters } from "../../../../src/forwarder/counters.ts";
import { createNonceSigner, StunNonces } from "../../../../src/forwarder/stun/nonce.ts";
import { StunResponder } from "../../../../src/forwarder/stun/responder.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { encodeBindingRequest } from "../../../../src/wire/stun-binding.ts";

const wire: Address = { address: "::ffff:192.0.2.1", port: 4433 };
const request = encodeBindingRequest({ transactionId: new Uint8Array(12) });

/** What is counted, and where to was sent, when a public server gets a request and sending has this outcome. */
function respond(failure: unknown): { counters: Counters; sentTo: Address[] } {
  const counters = createCounters();
  const sentTo: Address[] = [];
  const responder = new StunResponder({
    authority: { stunRegistration: () => undefined },
    policy: "public",
    nonces: new StunNonces(createNonceSigner()),
    counters,
    send(_datagram, to, done) {
      sentTo.push(to);
      done(failure);
    },
    fromWire: ({ address, port }) => ({ address: address.slice("::ffff:".length), port }),
  });
  responder.receive(request, wire, 0);
  return { counters, sentTo };
}

it("answers to where the socket says that a request came from", () => {
  const { counters, sentTo } = respond(null);
  expect(sentTo).toEqual([wire]);
  expect(counters.stun.answered).toBe(1);
});

it("counts an answer that could not be sent as dropped, once", () => {
  const refused = respond("EHOSTUNREACH").counters;
  expect([refused.stun.answered, refused.dropped["send-failed"]]).toEqual([0, 1]);
  const full = respond("EAGAIN").counters;
  expect([full.stun.answered, full.dropped["send-buffer-full"]]).toEqual([0, 1]);
});
