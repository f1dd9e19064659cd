import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { testCertificate } from "../certificate.ts";

/** An HTTP/1.1 connection, on which requests are written as text. */
export interface Http1Connection {
  readonly socket: TLSSocket;
  /** All that came back so far. */
  readonly text: () => string;
}

/** Where an HTTP/1.1 connection goes to, and comes from. */
export interface Http1Target {
  readonly port: number;
  readonly host?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Opens an HTTP/1.1 connection, which ends with the test. */
export async function openHttp1(target: Http1Target): Promise<Http1Connection> {
  const { certificate: ca } = await testCertificate();
  const { port, host = "127.0.0.1", ...local } = target;
  const socket = connect({ host, port, ca, servername: "localhost", ...local });
  onTestFinished(() => void socket.destroy());
  // The server may end it at any time, which is what is tested.
  socket.on("error", () => undefined);
  let text = "";
  socket.setEncoding("latin1").on("data", (more: string) => (text += more));
  await once(socket, "secureConnect");
  return { socket, text: () => text };
}
