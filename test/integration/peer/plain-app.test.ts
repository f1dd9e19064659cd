import { H3, serve } from "h3";
import { expect, it, onTestFinished } from "vitest";
import { Peer, type PeerOptions } from "../../../src/peer/index.ts";
import { quicpipe, type QuicpipeOptions } from "../../../src/plugin/index.ts";
import { nextConnection, readAll } from "../harness/peers.ts";
import { freePort } from "../harness/network/ports.ts";

interface AppOptions extends QuicpipeOptions {
  readonly hostname?: string;
}

/** An ordinary app of h3 with a relay in it, open to everybody and at free ports unless said otherwise; its URL. */
async function serveApp(options: AppOptions = {}): Promise<string> {
  const { hostname = "127.0.0.1", ...relayOptions } = options;
  const relay = quicpipe({ port: 0, auth: "none", logger: false, ...relayOptions });
  const app = new H3().use(relay).get("/", () => "an app");
  const server = serve(app, { port: 0, hostname, silent: true });
  onTestFinished(async () => {
    await relay.close();
    await server.close(true);
  });
  await server.ready();
  return server.url!;
}

async function bind(options: PeerOptions): Promise<Peer> {
  const peer = await Peer.bind({ trust: "insecure", ...options });
  onTestFinished(() => peer.close());
  return peer;
}

/** What arrives of a greeting that one peer sends another over a relay. */
async function greet(relay: string, name = "anonymous", ...tokens: string[]): Promise<string> {
  const [accepter, dialer] = await Promise.all(
    [0, 1].map((end) => bind({ relay, ...(tokens[end] !== undefined && { token: tokens[end] }) })),
  );
  const accepting = nextConnection(accepter!);
  const near = await dialer!.dial(name);
  const { writable } = await near.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(Buffer.from("hello"));
  void writer.close();
  const far = await accepting;
  const { value } = await far.incomingBidirectionalStreams.getReader().read();
  return (await readAll(value!.readable)).toString();
}

it("two peers talk over a relay in an ordinary app, whose first request opens its socket", async () => {
  expect(await greet(await serveApp())).toBe("hello");
});

it("two peers talk whom a function of the app's knows", async () => {
  const relay = await serveApp({
    auth: (request) => {
      const name = request.headers.get("authorization")?.replace("Bearer ", "");
      if (!name) return null;
      return { subject: name, scopes: ["relay:register", "mailbox:send", "mailbox:receive"] };
    },
  });
  expect(await greet(relay, "alice", "alice", "bob")).toBe("hello");
  const stranger = await bind({ relay });
  await expect(stranger.dial("alice")).rejects.toMatchObject({
    code: "ERR_QUICPIPE_TOKEN_INVALID",
  });
});

it("two peers talk over an app that is named localhost, whichever address it listens on", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const relay = new URL(await serveApp({ hostname }));
    relay.hostname = "localhost";
    expect(await greet(relay.href)).toBe("hello");
  }
});

it.each(["127.0.0.1", "0.0.0.0", "::1", "::"])(
  "two peers talk over a relay whose UDP socket is bound to %s, whatever its public address",
  async (host) => {
    const relay = new URL(await serveApp({ host, publicAddress: "relay.example:9" }));
    relay.hostname = "localhost";
    expect(await greet(relay.href)).toBe("hello");
  },
);

it("a peer whose socket has another family than the relay's is told so", async () => {
  const four = await serveApp({ host: "::1" });
  const peer = await bind({ relay: four, host: "0.0.0.0" });
  const unreachable = { code: "ERR_QUICPIPE_RELAY_UNREACHABLE" };
  await expect(peer.dial("anonymous")).rejects.toMatchObject({
    ...unreachable,
    message: expect.stringMatching(
      /is at \[::1\]:\d+, which cannot be reached from 0\.0\.0\.0: give the peer another host/,
    ),
  });
  const other = await bind({ relay: four, host: "::1" });
  await expect(other.dial("anonymous")).rejects.toMatchObject({
    ...unreachable,
    message: expect.stringMatching(/none of its addresses \(127\.0\.0\.1\) can be reached from ::1/),
  });
});

it("a token that HTTP cannot carry is an error of ours, and ends no other request", async () => {
  const relay = await serveApp();
  const peer = await bind({ relay, token: "a\nb" });
  await expect(peer.dial("anonymous")).rejects.toMatchObject({
    code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
  });
});

it.each(["localhost", "127.0.0.1"])("an app that is not there is named as such, at %s", async (host) => {
  const port = await freePort();
  const peer = await bind({ relay: `http://${host}:${port}` });
  await expect(peer.dial("anonymous")).rejects.toMatchObject({
    code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
    message: expect.stringMatching(
      new RegExp(`: connect ECONNREFUSED 127\\.0\\.0\\.1:${port}.*; check that its app runs on this machine`),
    ),
    details: { sent: false },
  });
});
