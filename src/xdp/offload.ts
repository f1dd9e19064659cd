import { xdpPollMs } from "../defaults/index.ts";
import { Attachments } from "./attachments.ts";
import type { Link, XdpInterfaceStatus, XdpProgram, XdpStatus } from "./contract.ts";
import type { OffloadIntent } from "./offload-plan.ts";
import { chooseRedirectTargets, planAttach, readFacts } from "./policy.ts";
import { ProgramSetting } from "./program-setting.ts";
import { type AddressesByInterface, noInterfaceHas, relayAddresses } from "./relay-addresses.ts";
import { isWildcard } from "../wire/address.ts";
import { describeXdp, offStatus } from "./status.ts";
import { codeOf } from "../system-error.ts";
import type { XdpSystem } from "./system.ts";

/** Dependencies of an {@link Offload}. */
export interface OffloadParts {
  /** IP literal that the relay's socket is bound to. */
  readonly address: string;
  readonly system: XdpSystem;
  /** Called when the status in words has changed, never before `createOffload` returns. */
  readonly onChange: (status: XdpStatus) => void;
}

/** The program on the interfaces of the relay, as these come, go and change. */
export interface Offload {
  status(): XdpStatus;
  /** Looks at the interfaces now, not only every `xdpPollMs`. */
  refresh(): void;
  /** Stops looking. The program stays attached until its handle is closed, or beyond that if it is pinned. Idempotent. */
  close(): void;
}

/**
 * Attaches a program to the planned interfaces, and keeps that up to date. The caller closes it. It never throws: refusals of
 * the system become reasons in the status.
 */
export function createOffload(intent: OffloadIntent, program: XdpProgram, parts: OffloadParts): Offload {
  return new InterfaceWatch(intent, program, parts);
}

class InterfaceWatch implements Offload {
  readonly #intent: OffloadIntent;
  readonly #program: XdpProgram;
  readonly #parts: OffloadParts;
  readonly #attachments: Attachments;
  readonly #localAddressSetting: ProgramSetting<string>;
  readonly #redirectTargetSetting: ProgramSetting<number>;
  readonly #timer: NodeJS.Timeout;
  /** Status without the refused routes, which the program counts. */
  #status: XdpStatus = offStatus("");
  /** The last status in words. */
  #words: string;

  constructor(intent: OffloadIntent, program: XdpProgram, parts: OffloadParts) {
    this.#intent = intent;
    this.#program = program;
    this.#parts = parts;
    this.#attachments = new Attachments(program);
    this.#localAddressSetting = new ProgramSetting(
      (addresses) => program.setLocalAddresses(addresses),
      "the kernel does not take all addresses of this host",
    );
    this.#redirectTargetSetting = new ProgramSetting(
      (indexes) => program.setRedirectTargets(indexes),
      "the kernel does not forward between interfaces",
    );
    this.#look();
    this.#words = describeXdp(this.status());
    this.#timer = setInterval(() => this.refresh(), xdpPollMs).unref();
  }

  status(): XdpStatus {
    return { ...this.#status, refusedRoutes: this.#program.refusedRoutes };
  }

  refresh(): void {
    this.#look();
    const status = this.status();
    const words = describeXdp(status);
    if (words === this.#words) return;
    this.#words = words;
    this.#parts.onChange(status);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      this.#status = this.#reconcile();
    } catch (error) {
      this.#status = { ...this.#status, reason: `the interfaces cannot be read (${codeOf(error)})` };
    }
  }

  #reconcile(): XdpStatus {
    const { system } = this.#parts;
    const addresses = system.addresses();
    const links = system.links();
    const addressFault = this.#localAddressSetting.apply(this.#localAddresses(addresses));
    this.#attachments.releaseAllBut(links);
    const interfaces = links.flatMap((link) => this.#settle(link, addresses));
    // Read again, because attaching may enable a driver to transmit.
    const attached = system.links().filter((link) => this.#attachments.modeOf(link) !== undefined);
    const targetFault = this.#redirectTargetSetting.apply(chooseRedirectTargets(attached));
    const faults = [this.#intent.pinRefusal, addressFault, targetFault].filter(
      (fault) => fault !== undefined,
    );
    return this.#statusOf([...interfaces, ...this.#missing(links)], faults);
  }

  /** Brings one interface to its planned state; nothing if it is not the relay's. */
  #settle(link: Link, addresses: AddressesByInterface): XdpInterfaceStatus[] {
    const held = addresses.get(link.name) ?? [];
    if (!this.#isWanted(link, held)) {
      this.#attachments.release(link);
      return [];
    }
    const facts = readFacts(link, this.#parts.address, held, this.#parts.system);
    const plan = planAttach(facts, this.#intent.mode, this.#program.programId);
    return [this.#attachments.settle(link, plan)];
  }

  #isWanted(link: Link, held: readonly string[]): boolean {
    const { interfaces } = this.#intent;
    if (interfaces) return interfaces.includes(link.name);
    // The system does not show the addresses of an interface without a carrier.
    const isResting = !link.isUp && this.#attachments.modeOf(link) !== undefined;
    return isResting || (!link.isLoopback && relayAddresses(this.#parts.address, held).length > 0);
  }

  #missing(links: readonly Link[]): XdpInterfaceStatus[] {
    const present = new Set(links.map(({ name }) => name));
    const names = (this.#intent.interfaces ?? []).filter((name) => !present.has(name));
    return names.map((name) => ({ name, state: "off", reason: "there is no such interface" }));
  }

  #statusOf(interfaces: readonly XdpInterfaceStatus[], faults: readonly string[]): XdpStatus {
    const isOn = interfaces.some(({ state }) => state !== "off");
    const { pinRefusal } = this.#intent;
    // The obstacle may be pins of an earlier relay that could not be removed.
    const refusals = [...interfaces.map(({ name, reason }) => `${name}: ${reason}`), pinRefusal ?? []].flat();
    const reasons = isOn ? faults : refusals;
    return {
      state: isOn ? "on" : "off",
      reason: reasons.join("; ") || (isOn ? "" : noInterfaceHas(this.#parts.address)),
      interfaces,
      ...(this.#intent.pin !== undefined && { pin: this.#intent.pin }),
      refusedRoutes: 0,
    };
  }

  /** Addresses of this host at which the relay is reached. */
  #localAddresses(addresses: AddressesByInterface): string[] {
    const { address } = this.#parts;
    const held = isWildcard(address) ? [...addresses.values()].flat() : [address];
    return [...new Set(relayAddresses(address, held))].sort();
  }
}
