import { randomBytes } from "node:crypto";
import { QuicpipeError } from "../../src/errors.ts";
import { cpuNsOf } from "./cpu.ts";
import type { Addresses, Ground } from "./ground.ts";
import { findKernelThread, kernelThreadNs, pinKernelThread } from "./outside.ts";
import { connect, cores, type End, ip, runAt } from "./place.ts";
import { Turnstile } from "./turnstile.ts";

const addresses: Addresses = { client: "198.18.2.2", relay: "198.18.2.1", sink: "198.18.2.2" };
const macs = { client: "02:00:00:00:00:05", relay: "02:00:00:00:00:06" } as const;

/**
 * A cable from client to relay that packets go back by, for XDP programs: a program sends out of the interface where it
 * received. Each packet is alone on it and has its checksum, as on a real one. At the relay a thread of the kernel's
 * receives, on the core of that place. Its time counts, for programs and processes alike.
 */
export class Loop implements Disposable, Ground {
  /** Name of the interface at both ends; of this loop alone, and with it the thread's. */
  readonly device: string = `loop${randomBytes(3).toString("hex")}`;
  readonly ends: { readonly relay: string; readonly client: string } = {
    relay: `${addresses.relay}/${macs.relay}`,
    client: `${addresses.client}/${macs.client}`,
  };
  readonly addresses: Addresses = addresses;
  readonly sinkPlace = "client";
  /** What finds no room in a process's socket has cost its core most of what it could. */
  readonly overload = 1.05;
  readonly #turnstile: Turnstile;
  #receivers: readonly number[] = [];

  constructor() {
    const client = this.#end("client");
    connect(client, this.#end("relay"));
    runAt("client", "ethtool", "--offload", this.device, "tx", "off");
    ip("relay", "link", "set", this.device, "gso_max_segs", "1");
    // Without it, bpf_fib_lookup finds no way for what comes in here.
    write(`/proc/sys/net/ipv4/conf/${this.device}/forwarding`, "1");
    this.#turnstile = new Turnstile("client", this.device);
  }

  /** Has what comes in at the relay received by a thread on the core of that place; needed where packets are sent. */
  async receiveByThread(): Promise<void> {
    // Which makes virtual cards receive by NAPI.
    runAt("relay", "ethtool", "--offload", this.device, "gro", "on");
    write(`/sys/class/net/${this.device}/threaded`, "1");
    const receiver = findKernelThread(`napi/${this.device}`);
    // What it sends is received at the far end in its name, or in this one's if there is much.
    const helper = findKernelThread(`ksoftirqd/${cores.relay}\n`);
    if (receiver === undefined || helper === undefined)
      throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", "the kernel's threads cannot be seen from here");
    await pinKernelThread(receiver, cores.relay);
    this.#receivers = [receiver, helper];
  }

  openSink(): void {
    this.#turnstile.open();
  }

  closeSink(): void {
    this.#turnstile.close();
  }

  arrived(datagramBytes: number): number {
    return this.#turnstile.arrived(datagramBytes);
  }

  spentNs(pid: number): number {
    return this.#receivers.reduce((sum, receiver) => sum + kernelThreadNs(receiver), cpuNsOf(pid));
  }

  [Symbol.dispose](): void {
    this.#turnstile.remove();
    ip("client", "link", "delete", this.device);
  }

  #end(place: "client" | "relay"): End {
    return { place, device: this.device, addresses: [addresses[place]], mac: macs[place] };
  }
}

/** Sets something of the relay's network, for which /sys has to be mounted from there. */
function write(path: string, value: string): void {
  const mount = "mount -t sysfs none /sys";
  runAt("relay", "unshare", "--mount", "sh", "-c", `${mount} && echo ${value} > ${path}`);
}
