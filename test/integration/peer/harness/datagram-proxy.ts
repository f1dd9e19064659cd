import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** Says which datagrams of one direction do not get through. */
export type Drop = (datagram: Buffer) => boolean;

/**
 * A NAT between one peer and the relay: the peer talks to `port`, the relay sees another address, which changes
 * when the NAT rebinds. Closed when the test ends.
 */
export class DatagramProxy {
  /** What the peer has to take for the relay's port. */
  readonly port: number;
  /** Datagrams from the peer that are dropped. */
  dropOut: Drop = () => false;
  /** Datagrams to the peer that are dropped. */
  dropIn: Drop = () => false;
  /** Where the relay is. */
  relayPort: number;
  readonly #inside: Socket;
  #outside: Socket;
  #peerPort = 0;

  private constructor(inside: Socket, outside: Socket, relayPort: number) {
    this.#inside = inside;
    this.#outside = outside;
    this.relayPort = relayPort;
    this.port = inside.address().port;
    inside.on("message", (datagram, { port }) => {
      this.#peerPort = port;
      if (!this.dropOut(datagram)) this.#outside.send(datagram, this.relayPort, "127.0.0.1");
    });
    this.#listen(outside);
  }

  static async open(relayPort: number): Promise<DatagramProxy> {
    const [inside, outside] = await Promise.all([bound(), bound()]);
    const proxy = new DatagramProxy(inside, outside, relayPort);
    onTestFinished(() => {
      proxy.#inside.close();
      proxy.#outside.close();
    });
    return proxy;
  }

  /** The port that the relay sees. */
  get publicPort(): number {
    return this.#outside.address().port;
  }

  /** Gives the peer another public address, as a NAT that has forgotten it does. */
  async rebind(): Promise<void> {
    const before = this.#outside;
    this.#outside = await bound();
    this.#listen(this.#outside);
    before.close();
  }

  /** Sends the peer a datagram that is not the relay's, from where it takes the relay to be. */
  inject(datagram: Uint8Array): void {
    this.#inside.send(datagram, this.#peerPort, "127.0.0.1");
  }

  #listen(outside: Socket): void {
    outside.on("message", (datagram, { port }) => {
      if (port === this.relayPort && !this.dropIn(datagram))
        this.#inside.send(datagram, this.#peerPort, "127.0.0.1");
    });
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}
