import { H3, type H3Plugin } from "h3";
import { describe, expectTypeOf, it } from "vitest";
import {
  type Budget,
  createCertificate,
  developmentCertificate,
  serve,
  type Served,
  type ServeOptions,
} from "../../src/gateway/index.ts";
import {
  type Address,
  type AuthFunction,
  type EndReason,
  isQuicpipeError,
  type quicpipe,
  type QuicpipeError,
  type QuicpipeErrorCode,
  type QuicpipeOptions,
  type RegistrationStats,
  type Relay,
  type Scope,
} from "../../src/index.ts";
import {
  type BidirectionalStream,
  type CloseInfo,
  type Connection,
  type ConnectionError,
  type DialOptions,
  Peer,
  type PeerOptions,
  type Trust,
} from "../../src/peer/index.ts";

// `npm run typecheck` reads these; a run only shows that the entries load.

describe("the types of quicpipe", () => {
  it("let a relay be made without options and used in an app", () => {
    expectTypeOf<typeof quicpipe>().parameter(0).toEqualTypeOf<QuicpipeOptions | undefined>();
    expectTypeOf<typeof quicpipe>().returns.toEqualTypeOf<Relay>();
    expectTypeOf<Relay>().toExtend<Parameters<H3["use"]>[0]>();
    expectTypeOf<Relay["plugin"]>().toEqualTypeOf<H3Plugin>();
    expectTypeOf<Relay>().toExtend<AsyncDisposable>();
    expectTypeOf<Relay["registrations"]>().returns.toEqualTypeOf<AsyncIterable<RegistrationStats>>();
  });

  it("take a function of the app's as auth, which knows a request or does not", () => {
    expectTypeOf<AuthFunction>().toExtend<NonNullable<QuicpipeOptions["auth"]>>();
    expectTypeOf<AuthFunction>().toBeCallableWith(new Request("http://localhost"));
    expectTypeOf<() => null>().toExtend<AuthFunction>();
    expectTypeOf<() => Promise<{ subject: string; scopes: Scope[] }>>().toExtend<AuthFunction>();
    expectTypeOf<() => { subject: string }>().not.toExtend<AuthFunction>();
    expectTypeOf<() => { subject: string; scopes: ["all"] }>().not.toExtend<AuthFunction>();
  });

  it("tell a hook why a registration ended", () => {
    type OnEnd = NonNullable<NonNullable<QuicpipeOptions["hooks"]>["onEnd"]>;
    expectTypeOf<OnEnd>().parameter(1).toEqualTypeOf<EndReason>();
  });

  it("give each code of an error the details of its own", () => {
    const error: unknown = undefined;
    if (isQuicpipeError(error, "ERR_QUICPIPE_OPTION_INVALID")) {
      expectTypeOf(error.code).toEqualTypeOf<"ERR_QUICPIPE_OPTION_INVALID">();
      expectTypeOf(error.details.option).toEqualTypeOf<string>();
    }
    if (isQuicpipeError(error)) expectTypeOf(error.code).toEqualTypeOf<QuicpipeErrorCode>();
    expectTypeOf<Parameters<typeof isQuicpipeError>[1]>().toEqualTypeOf<QuicpipeErrorCode | undefined>();
  });
});

describe("the types of quicpipe/gateway", () => {
  it("serve an app with its relay, and any certificate that the package makes", () => {
    expectTypeOf(serve).parameter(0).toExtend<{ fetch(request: Request): unknown }>();
    expectTypeOf<H3>().toExtend<Parameters<typeof serve>[0]>();
    expectTypeOf<Relay>().toExtend<ServeOptions["relay"]>();
    expectTypeOf<Awaited<ReturnType<typeof developmentCertificate>>>().toExtend<ServeOptions["tls"]>();
    expectTypeOf<Awaited<ReturnType<typeof createCertificate>>>().not.toExtend<ServeOptions["tls"]>();
    expectTypeOf<{ relay: Relay }>().not.toExtend<ServeOptions>();
    expectTypeOf<ServeOptions["budget"]>().toEqualTypeOf<Budget | undefined>();
    expectTypeOf(serve).returns.resolves.toEqualTypeOf<Served>();
    expectTypeOf<Served>().toExtend<AsyncDisposable>();
    expectTypeOf<Served["address"]>().toEqualTypeOf<Address>();
    expectTypeOf<Served["reload"]>().parameter(0).toEqualTypeOf<ServeOptions["tls"]>();
  });
});

describe("the types of quicpipe/peer", () => {
  it("bind a peer by its relay alone", () => {
    expectTypeOf(Peer.bind).parameter(0).toEqualTypeOf<PeerOptions>();
    expectTypeOf<{ relay: string }>().toExtend<PeerOptions>();
    expectTypeOf<object>().not.toExtend<PeerOptions>();
    expectTypeOf<Peer>().toExtend<AsyncIterable<Connection>>();
    expectTypeOf<Peer>().toExtend<AsyncDisposable>();
  });

  it("trust pins, a CA, a function or anybody", () => {
    expectTypeOf<readonly string[]>().toExtend<Trust>();
    expectTypeOf<{ ca: string }>().toExtend<Trust>();
    expectTypeOf<"insecure">().toExtend<Trust>();
    expectTypeOf<(name: string | undefined, pin: string) => Promise<boolean>>().toExtend<Trust>();
    expectTypeOf<string>().not.toExtend<Trust>();
    expectTypeOf<{ pin: string }>().toExtend<DialOptions>();
    expectTypeOf<{ pin: Uint8Array }>().not.toExtend<DialOptions>();
  });

  it("give a connection the shape of WebTransport", () => {
    expectTypeOf<Connection["ready"]>().toEqualTypeOf<WebTransportLike["ready"]>();
    expectTypeOf<Connection["closed"]>().resolves.toEqualTypeOf<CloseInfo>();
    expectTypeOf<Connection["draining"]>().toEqualTypeOf<WebTransportLike["draining"]>();
    expectTypeOf<
      Connection["createBidirectionalStream"]
    >().returns.resolves.toEqualTypeOf<BidirectionalStream>();
    expectTypeOf<BidirectionalStream["readable"]>().toExtend<ReadableStream<Uint8Array>>();
    expectTypeOf<Connection["path"]["kind"]>().toEqualTypeOf<"relay" | "direct">();
    expectTypeOf<Connection>().toExtend<AsyncDisposable>();
    expectTypeOf<ConnectionError>().toExtend<QuicpipeError>();
    expectTypeOf<ConnectionError["source"]>().toEqualTypeOf<"stream" | "session">();
    expectTypeOf<ConnectionError["streamErrorCode"]>().toEqualTypeOf<number | null>();
  });
});

/** https://www.w3.org/TR/webtransport/#web-transport */
interface WebTransportLike {
  readonly ready: Promise<void>;
  readonly draining: Promise<void>;
}
