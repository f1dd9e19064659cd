import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { certificateFiles, testCertificate } from "../harness/certificate.ts";
import type { Child } from "../harness/child.ts";
import { ForeignPeer } from "../harness/foreign/peer.ts";
import { algorithms, createIdentityOf } from "../harness/identities.ts";
import { bindPeer, echo, nextConnection, readAll, startPeerRelay, writeAll } from "../harness/peers.ts";
import type { TestRelay } from "../harness/relay.ts";
import { itWith } from "../harness/requirement.ts";
import { tokenFor } from "../harness/token.ts";
import { User } from "../harness/user.ts";

/** A relay, and a user whose commands talk to it under a name. */
async function startUser(): Promise<{
  relay: TestRelay;
  port: number;
  pin: string;
  as: (name: string, command: string, ...args: string[]) => Promise<Child>;
}> {
  const relay = await startPeerRelay();
  const { port } = relay;
  const { cert } = certificateFiles(await testCertificate());
  const user = new User();
  const pin = (await user.run("id")).stdout.trim();
  return {
    relay,
    port,
    pin,
    async as(name, ...args) {
      user.env["QUICPIPE_TOKEN"] = await tokenFor(name);
      return user.quicpipe(...args, "--relay", `https://127.0.0.1:${port}`, "--relay-ca", cert, "--insecure");
    },
  };
}

/** The notice of an end that waits for the other's word. */
const waiting = /waiting up to 20 s/;

describe("quicpipe dial and a program that knows nothing of final streams", () => {
  it("end as soon as the echo has ended", async () => {
    const { port, as } = await startUser();
    const bob = await bindPeer(port, "bob", { trust: "insecure" });
    const accepting = nextConnection(bob).then(async (connection) => {
      await Promise.all([echo(connection), connection.closed]);
      // A program that copies every stream would find those of the command line too.
      return (await connection.incomingUnidirectionalStreams.getReader().read()).done;
    });
    const dialer = await as("alice", "dial", "bob");
    const sent = randomBytes(100_000).toString("base64");
    dialer.process.stdin.end(sent);
    expect(await dialer.exited, dialer.stderr()).toBe(0);
    expect(dialer.stdout() === sent).toBe(true);
    expect(dialer.stderr()).not.toMatch(waiting);
    expect(await accepting).toBe(true);
  });

  itWith("go-1.26")("end as soon as an echo on another QUIC stack has ended", async () => {
    const { relay, pin, as } = await startUser();
    const identity = await createIdentityOf(algorithms["ECDSA P-256"]);
    const echoing = await ForeignPeer.accept({ stack: "quic-go", relay, name: "bob", identity, pin });
    const dialer = await as("alice", "dial", "bob");
    dialer.process.stdin.end("hello");
    await dialer.prints(/dialing bob/);
    await echoing.take();
    expect(await dialer.exited, dialer.stderr()).toBe(0);
    expect(dialer.stdout()).toBe("hello");
    expect(dialer.stderr()).not.toMatch(waiting);
  });

  it("wait for the end of the connection where the other end ended its direction first", async () => {
    const { port, as } = await startUser();
    const bob = await bindPeer(port, "bob", { trust: "insecure" });
    const accepting = nextConnection(bob);
    const dialer = await as("alice", "dial", "bob");
    const connection = await accepting;
    dialer.process.stdin.write("first ");
    const { value: stream } = await connection.incomingBidirectionalStreams.getReader().read();
    // The end comes with the text, so that it is there before the dialer's own.
    await writeAll(stream!.writable, Buffer.from("heard"));
    await dialer.prints(/heard/);
    dialer.process.stdin.end("last");
    await dialer.prints(waiting);
    expect((await readAll(stream!.readable)).toString()).toBe("first last");
    connection.close();
    expect(await dialer.exited, dialer.stderr()).toBe(0);
  });
});

describe("quicpipe accept and a program that knows nothing of final streams", () => {
  it("wait until the program has read everything and closes", async () => {
    const { port, as } = await startUser();
    const accepter = await as("bob", "accept");
    accepter.process.stdin.end("answer");
    const alice = await bindPeer(port, "alice", { trust: "insecure" });
    const connection = await alice.dial("bob");
    const { readable, writable } = await connection.createBidirectionalStream();
    await writeAll(writable, Buffer.from("question"));
    await accepter.prints(waiting);
    expect((await readAll(readable)).toString()).toBe("answer");
    connection.close();
    expect(await accepter.exited, accepter.stderr()).toBe(0);
    expect(accepter.stdout()).toBe("question");
  });
});
