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
  readonly #peerSide: Socket;
  #relaySide: Socket;
  #peerPort = 0;

  private constructor(peerSide: Socket, relaySide: Socket, relayPort: number) {
    this.#peerSide = peerSide;
    this.#relaySide = relaySide;
    this.relayPort = relayPort;
    this.port = peerSide.address().port;
    peerSide.on("message", (datagram, { port }) => {
      this.#peerPort = port;
      if (!this.dropOut(datagram)) this.#relaySide.send(datagram, this.relayPort, "127.0.0.1");
    });
    this.#listen(relaySide);
  }

  static async open(relayPort: number): Promise<DatagramProxy> {
    const [peerSide, relaySide] = await Promise.all([bound(), bound()]);
    const proxy = new DatagramProxy(peerSide, relaySide, relayPort);
    onTestFinished(() => {
      proxy.#peerSide.close();
      proxy.#relaySide.close();
    });
    return proxy;
  }

  /** The port that the relay sees. */
  get publicPort(): number {
    return this.#relaySide.address().port;
  }

  /** Gives the peer another public address, as a NAT that has forgotten it does. */
  async rebind(): Promise<void> {
    const before = this.#relaySide;
    this.#relaySide = await bound();
    this.#listen(this.#relaySide);
    before.close();
  }

  /** Sends the relay a datagram that is not the peer's, from where it takes the peer to be. */
  send(datagram: Uint8Array): void {
    this.#relaySide.send(datagram, this.relayPort, "127.0.0.1");
  }

  /** Sends the peer a datagram that is not the relay's, from where it takes the relay to be. */
  inject(datagram: Uint8Array): void {
    this.#peerSide.send(datagram, this.#peerPort, "127.0.0.1");
  }

  #listen(relaySide: Socket): void {
    relaySide.on("message", (datagram, { port }) => {
      // Nobody is behind it before the peer has sent something.
      if (port === this.relayPort && !this.dropIn(datagram) && this.#peerPort > 0)
        this.#peerSide.send(datagram, this.#peerPort, "127.0.0.1");
    });
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}
