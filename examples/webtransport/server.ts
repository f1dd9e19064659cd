// An app with WebTransport sessions behind a relay, all on the relay's one port. README.md tells how to install the server.
//
//   node examples/webtransport/server.ts
//
// PORT=4433 is the public port, UDP and TCP; AUTH=none serves peers without tokens.
import { randomBytes } from "node:crypto";
import { Http3Server } from "@fails-components/webtransport";
import { H3 } from "h3";
import { quicpipe } from "quicpipe";
import { developmentCertificate, serveHttp2 } from "quicpipe/gateway";
import { answerRegistrations } from "./registering.ts";

type Session = ReturnType<Http3Server["sessionStream"]> extends AsyncIterable<infer Each> ? Each : never;

const { key, cert } = await developmentCertificate();
const secret = randomBytes(32).toString("hex");
// On loopback, and over HTTP/3 alone: what comes from elsewhere has come through the relay, and has an address of its.
const at = { host: "127.0.0.1", port: 0, defaultDatagramsReadableMode: "default" } as const;
const sessions = new Http3Server({ ...at, secret, cert, privKey: key });
sessions.startServer();
await sessions.ready;

const relay = quicpipe({
  port: Number(process.env["PORT"] ?? 4433),
  upstream: { port: sessions.address()!.port },
  ...(process.env["AUTH"] === "none" ? { auth: "none" } : {}),
});
const app = new H3().use(relay).get("/", () => "WebTransport is at /echo and /register.\n");
const { port } = await relay.listen();
// The WebTransport server answers 404 to every ordinary request: peers find the routes here.
const routes = await serveHttp2(app, { key, cert, port });
console.log(`listening on 127.0.0.1:${port} (UDP and TCP)`);

void serve("/echo", echo);
void serve("/register", (session) => answerRegistrations(app, session));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);

async function serve(path: string, handle: (session: Session) => Promise<void>): Promise<void> {
  for await (const session of sessions.sessionStream(path)) {
    session.closed.catch(() => undefined);
    session.ready
      .then(() => handle(session))
      .catch((error: unknown) => console.log(`${path} is over: ${String(error)}`));
  }
}

async function echo(session: Session): Promise<void> {
  session.datagrams.readable.pipeTo(session.datagrams.createWritable()).catch(() => undefined);
  for await (const { readable, writable } of session.incomingBidirectionalStreams)
    readable.pipeTo(writable).catch(() => undefined); // a broken stream ends no other
}

async function stop(): Promise<void> {
  sessions.stopServer();
  await routes.close();
  await relay.close();
  process.exit(0);
}
