import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { RegisterRequest } from "../../../src/protocol.ts";
import { initialPacket, packetFor } from "../harness/packets.ts";
import { call, serveRelay } from "../harness/relay-app.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { openSocket, prove, register } from "../harness/udp-peer.ts";

const auth = { secret };

function wanted(): RegisterRequest {
  return { key: randomBytes(32).toString("base64"), num: 1 };
}

describe("a registration over HTTP/1.1", () => {
  it("gets its address by STUN, keeps it when refreshed and moves with the peer", async () => {
    const app = await serveRelay({ auth });
    const key = randomBytes(32);
    const registration = await register(app, "alice", key);
    expect(registration.address).toBeNull();
    for (const socket of [await openSocket(), await openSocket()]) {
      const { port } = socket.address();
      expect(await prove(app, socket, registration)).toEqual({
        kind: "success",
        address: { address: "127.0.0.1", port },
      });
      expect((await register(app, "alice", key)).address).toBe(`127.0.0.1:${port}`);
    }
    expect(app.relay.stats().stun).toMatchObject({ challenged: 2, answered: 2 });
  });

  it("gets no address with a wrong secret, or once it has ended", async () => {
    const app = await serveRelay({ auth });
    const registration = await register(app, "alice", randomBytes(32));
    const socket = await openSocket();
    expect(await prove(app, socket, { ...registration, secret: "wrong" })).not.toMatchObject({
      kind: "success",
    });
    const token = await tokenFor("alice");
    await call("DELETE", `${app.url}/v1/register/${registration.id}`, { token });
    expect(await prove(app, socket, registration)).not.toMatchObject({ kind: "success" });
    expect(app.relay.stats().stun.answered).toBe(0);
  });

  it("carries packets both ways by connection ID, until it is ended", async () => {
    const app = await serveRelay({ auth });
    const [aliceKey, bobKey] = [randomBytes(32), randomBytes(32)];
    const [alice, bob] = [await openSocket(), await openSocket()];
    await prove(app, alice, await register(app, "alice", aliceKey));
    const bobs = await register(app, "bob", bobKey);
    await prove(app, bob, bobs);
    const { address, port } = app.relay.address();

    alice.send(packetFor(bobKey, "to bob"), port, address);
    const [toBob] = (await once(bob, "message")) as [Buffer];
    expect(toBob.subarray(13).toString()).toBe("to bob");
    bob.send(packetFor(aliceKey, "to alice"), port, address);
    const [toAlice] = (await once(alice, "message")) as [Buffer];
    expect(toAlice.subarray(13).toString()).toBe("to alice");
    // A datagram may be here before the relay has counted it.
    await expect.poll(() => app.relay.stats().relayed).toEqual({ packets: 2, bytes: 13 + 6 + 13 + 8 });

    await call("DELETE", `${app.url}/v1/register/${bobs.id}`, { token: await tokenFor("bob") });
    alice.send(packetFor(bobKey, "lost"), port, address);
    await expect.poll(() => app.relay.stats().dropped["no-upstream"]).toBe(1);
  });
});

describe("taking a message", () => {
  it("leads the dialer's Initial packets to the accepter, and no other peer's", async () => {
    const app = await serveRelay({ auth });
    const [alice, bob, mallory] = [await openSocket(), await openSocket(), await openSocket()];
    await prove(app, alice, await register(app, "alice", randomBytes(32)));
    await prove(app, mallory, await register(app, "mallory", randomBytes(32)));
    const accepter = await register(app, "bob", randomBytes(32));
    await prove(app, bob, accepter);
    const destinationId = randomBytes(12).fill(0, 0, 1);
    const initial = initialPacket(destinationId);
    const sent = await call("POST", `${app.url}/v1/mailbox/bob`, {
      token: await tokenFor("alice"),
      body: { packets: [initial.toString("base64")] },
    });
    const { address, port } = app.relay.address();
    alice.send(initial, port, address);
    await expect.poll(() => app.relay.stats().dropped["no-upstream"]).toBe(1);

    await call("POST", `${app.url}/v1/mailbox/${sent.body.id}/take`, {
      token: await tokenFor("bob"),
      body: { registration: accepter.id },
    });
    mallory.send(initial, port, address);
    await expect.poll(() => app.relay.stats().dropped["no-upstream"]).toBe(2);
    alice.send(initial, port, address);
    const [received] = (await once(bob, "message")) as [Buffer];
    expect(received.equals(initial)).toBe(true);
  });

  it("leads them from the registration of the message to that of the take, once both addresses are proven", async () => {
    const app = await serveRelay({ auth });
    const [alice, other, bob] = [await openSocket(), await openSocket(), await openSocket()];
    const initial = initialPacket(randomBytes(12).fill(0, 0, 1));
    const sent = await call("POST", `${app.url}/v1/mailbox/bob`, {
      token: await tokenFor("alice"),
      body: { packets: [initial.toString("base64")], register: wanted() },
    });
    // Her newest registration is not the one that the message is from.
    await prove(app, other, await register(app, "alice", randomBytes(32)));
    const taken = await call("POST", `${app.url}/v1/messages/${sent.body.id}/take`, {
      token: await tokenFor("bob"),
      body: { register: wanted() },
    });
    await prove(app, alice, sent.body.registration!);
    await prove(app, bob, taken.body.registration!);
    const { address, port } = app.relay.address();
    other.send(initial, port, address);
    await expect.poll(() => app.relay.stats().dropped["no-upstream"]).toBe(1);
    alice.send(initial, port, address);
    const [received] = (await once(bob, "message")) as [Buffer];
    expect(received.equals(initial)).toBe(true);
  });
});
