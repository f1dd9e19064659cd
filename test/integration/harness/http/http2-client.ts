import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from "node:http2";
import type { TcpSocketConnectOpts } from "node:net";
import { onTestFinished } from "vitest";

/** A session that ends with the test. The server may end it as well, and reset the connection: its streams tell of it. */
export function connectHttp2(
  url: string,
  options: SecureClientSessionOptions & Pick<TcpSocketConnectOpts, "localAddress">,
): ClientHttp2Session {
  const session = connect(url, options);
  // A server that goes away with bytes unread resets the connection; without a listener that would be thrown.
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}
