import type { MappingService } from "../../../../src/peer/mapping/answers.ts";
import type { OpenRouterSocket, RouterSocketOwner } from "../../../../src/peer/mapping/router-socket.ts";

/** A request that has come to a {@link FakeRouter}, in hexadecimal digits. */
export interface Asked {
  readonly atMs: number;
  readonly what: "pcp map" | "pcp unmap" | "pcp look" | "nat-pmp map" | "nat-pmp unmap" | "nat-pmp look";
  readonly bytes: Buffer;
}

/** A router that speaks PCP, NAT-PMP or both, without a network. Its clock is that of `performance.now()`. */
export class FakeRouter {
  readonly asked: Asked[] = [];
  /** Protocols that it speaks. One of NAT-PMP alone says so to PCP. */
  speaks: readonly MappingService[] = ["pcp", "nat-pmp"];
  isSilent = false;
  isReachable = true;
  /** What it answers to a request for a mapping: 0 is success. */
  code = 0;
  lifetimeSeconds = 7200;
  externalAddress = "203.0.113.9";
  externalPort = 40_000;
  localAddress = "192.168.1.2";
  openSockets = 0;
  #startedAtMs = performance.now() - 1_000_000;

  /** Loses all mappings. */
  restart(): void {
    this.#startedAtMs = performance.now();
  }

  /** Requests since the last call, as `[seconds since `sinceMs`, what]`. */
  log(sinceMs = 0): [number, string][] {
    return this.asked.splice(0).map(({ atMs, what }) => [(atMs - sinceMs) / 1000, what]);
  }

  readonly open: OpenRouterSocket = (_router, owner) => {
    if (!this.isReachable) return Promise.reject(new Error("ENETUNREACH"));
    this.openSockets++;
    let isOpen = true;
    return Promise.resolve({
      localAddress: this.localAddress,
      send: (datagram: Uint8Array) => {
        if (!isOpen) throw new Error("the socket is closed");
        this.#receive(Buffer.from(datagram), owner);
      },
      close: () => {
        isOpen = false;
        this.openSockets--;
      },
    });
  };

  #receive(bytes: Buffer, owner: RouterSocketOwner): void {
    this.asked.push({ atMs: performance.now(), what: kindOf(bytes), bytes });
    if (this.isSilent) return;
    const answer = bytes[0] === 2 ? this.#pcp(bytes) : this.#natPmp(bytes);
    if (answer) queueMicrotask(() => owner.onDatagram(answer));
  }

  get #epoch(): number {
    return Math.trunc((performance.now() - this.#startedAtMs) / 1000);
  }

  #pcp(request: Buffer): Buffer | undefined {
    if (!this.speaks.includes("pcp")) return this.#unsupported();
    const answer = Buffer.from(request);
    answer.writeUInt8(request[1]! | 0x80, 1);
    answer.fill(0, 2, 24);
    answer.writeUInt32BE(this.#epoch, 8);
    if (request[1] === 0) return answer;
    answer.writeUInt8(this.code, 3);
    answer.writeUInt32BE(request.readUInt32BE(4) === 0 ? 0 : this.lifetimeSeconds, 4);
    answer.writeUInt16BE(this.externalPort, 42);
    answer.set(this.externalAddress.split(".").map(Number), 56);
    return answer;
  }

  #unsupported(): Buffer | undefined {
    return this.speaks.includes("nat-pmp") ? Buffer.from("0081000100000000", "hex") : undefined;
  }

  #natPmp(request: Buffer): Buffer | undefined {
    if (!this.speaks.includes("nat-pmp")) return undefined;
    const answer = Buffer.alloc(request.length === 2 ? 12 : 16);
    answer.writeUInt8(request[1]! | 0x80, 1);
    answer.writeUInt32BE(this.#epoch, 4);
    if (request.length === 2) {
      answer.set(this.externalAddress.split(".").map(Number), 8);
      return answer;
    }
    answer.writeUInt16BE(this.code, 2);
    answer.set(request.subarray(4, 6), 8);
    answer.writeUInt16BE(this.externalPort, 10);
    answer.writeUInt32BE(request.readUInt32BE(8) === 0 ? 0 : this.lifetimeSeconds, 12);
    return answer;
  }
}

function kindOf(bytes: Buffer): Asked["what"] {
  if (bytes.length === 24) return "pcp look";
  if (bytes.length === 2) return "nat-pmp look";
  const [service, lifetimeAt] = bytes[0] === 2 ? (["pcp", 4] as const) : (["nat-pmp", 8] as const);
  return `${service} ${bytes.readUInt32BE(lifetimeAt) === 0 ? "unmap" : "map"}`;
}
