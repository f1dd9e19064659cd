import { randomBytes } from "node:crypto";
import { QuicpipeError } from "../../src/errors.ts";
import { cpuNsOf } from "./machine/cpu.ts";
import type { Addresses, Link } from "./machine/link.ts";
import { findKernelThread, kernelThreadNs, bindKernelThread } from "./machine/host-helper.ts";
import { connect, cores, type End, ip, runAt } from "./machine/namespace.ts";
import { ArrivalCounter } from "./machine/arrival-counter.ts";

const addresses: Addresses = { client: "198.18.2.2", relay: "198.18.2.1", sink: "198.18.2.2" };
const macs = { client: "02:00:00:00:00:05", relay: "02:00:00:00:00:06" } as const;

/**
 * A cable between client and relay for XDP programs. Packets return over it, as a program sends through the interface
 * that received the packet. Each packet travels alone and with a complete checksum, as on a physical cable. A kernel
 * thread on the relay's core receives there. Its CPU time counts, for programs and processes alike.
 */
export class Loop implements Disposable, Link {
  /** Interface name at both ends. Unique to this loop, and so is the name of its kernel thread. */
  readonly device: string = `loop${randomBytes(3).toString("hex")}`;
  readonly ends: { readonly relay: string; readonly client: string } = {
    relay: `${addresses.relay}/${macs.relay}`,
    client: `${addresses.client}/${macs.client}`,
  };
  readonly addresses: Addresses = addresses;
  readonly sinkNamespace = "client";
  /** Barely above 1: a packet dropped at a full socket has already cost the core most of its work. */
  readonly overload = 1.05;
  readonly #counter: ArrivalCounter;
  #receivers: readonly number[] = [];

  constructor() {
    const client = this.#end("client");
    connect(client, this.#end("relay"));
    runAt("client", "ethtool", "--offload", this.device, "tx", "off");
    ip("relay", "link", "set", this.device, "gso_max_segs", "1");
    // Without forwarding, bpf_fib_lookup finds no route for packets that arrive here.
    write(`/proc/sys/net/ipv4/conf/${this.device}/forwarding`, "1");
    this.#counter = new ArrivalCounter("client", this.device);
  }

  /** Moves reception at the relay to a kernel thread on the relay's core. Rows that send packets need it. */
  async receiveByThread(): Promise<void> {
    // With GRO, virtual cards receive by NAPI.
    runAt("relay", "ethtool", "--offload", this.device, "gro", "on");
    write(`/sys/class/net/${this.device}/threaded`, "1");
    const receiver = findKernelThread(`napi/${this.device}`);
    // The far end's reception of its packets is charged to the thread, or to ksoftirqd under load.
    const helper = findKernelThread(`ksoftirqd/${cores.relay}\n`);
    if (receiver === undefined || helper === undefined)
      throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", "the kernel's threads cannot be seen from here");
    await bindKernelThread(receiver, cores.relay);
    this.#receivers = [receiver, helper];
  }

  openSink(): void {
    this.#counter.open();
  }

  closeSink(): void {
    this.#counter.close();
  }

  arrived(datagramBytes: number): number {
    return this.#counter.arrived(datagramBytes);
  }

  spentNs(pid: number): number {
    return this.#receivers.reduce((sum, receiver) => sum + kernelThreadNs(receiver), cpuNsOf(pid));
  }

  [Symbol.dispose](): void {
    this.#counter.remove();
    ip("client", "link", "delete", this.device);
  }

  #end(namespace: "client" | "relay"): End {
    return { namespace, device: this.device, addresses: [addresses[namespace]], mac: macs[namespace] };
  }
}

/** Writes a setting of the relay's network namespace, through a sysfs mounted from within it. */
function write(path: string, value: string): void {
  const mount = "mount -t sysfs none /sys";
  runAt("relay", "unshare", "--mount", "sh", "-c", `${mount} && echo ${value} > ${path}`);
}
