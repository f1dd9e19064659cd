import { createCertificate } from "../../../../src/gateway/index.ts";
import type { DirectPolicy } from "../../../../src/peer/index.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import { testIdentities } from "../../harness/peers.ts";
import { secret } from "../../harness/token.ts";
import type { Place } from "../../nat-lab/addresses.ts";
import { relayAddresses } from "../../nat-lab/addresses.ts";
import type { Lab } from "../../nat-lab/lab.ts";
import type { LabPeer } from "./lab-peer.ts";
import { PeerProgram, startProgram } from "./peer-program.ts";

export type Family = "ipv4" | "ipv6";

/** The relay's second port. */
export const labStunPort = 3478;

/** A relay in a laboratory, as peers find it. */
export class LabRelay {
  readonly #port: string;
  readonly #certificate: string;

  private constructor(port: string, certificate: string) {
    this.#port = port;
    this.#certificate = certificate;
  }

  /** Starts it on all addresses, with a second port. */
  static async start(where: Namespace): Promise<LabRelay> {
    const hosts = [...relayAddresses.ipv4, ...relayAddresses.ipv6];
    const tls = await createCertificate({ name: "relay", hosts });
    const env = {
      HOST: "::",
      STUN_PORT: String(labStunPort),
      KEY: tls.privateKey,
      CERT: tls.certificate,
      SECRET: secret,
    };
    const relay = startProgram(where, "relay", env);
    const [, port] = await relay.prints(/listening on (\d+)/);
    return new LabRelay(port!, tls.certificate);
  }

  /** How peers of a host find it by one IP version. */
  env(family: Family): NodeJS.ProcessEnv {
    const [address] = relayAddresses[family];
    const host = family === "ipv6" ? `[${address}]` : address;
    return { RELAY: `https://${host}:${this.#port}`, RELAY_CA: this.#certificate };
  }

  /** Starts a program for the peers of one host, which reach the relay by one IP version. */
  async startPeers(
    where: Namespace,
    place: Place,
    family: Family = "ipv4",
    env: NodeJS.ProcessEnv = {},
  ): Promise<PeerProgram> {
    const ids = await testIdentities();
    return await PeerProgram.start(where, {
      ...this.env(family),
      IDENTITY: ids[place].pem,
      PINS: ids[place === "alice" ? "bob" : "alice"].pin,
      ...env,
    });
  }
}

export interface TransferOptions {
  readonly alice?: DirectPolicy;
  readonly bob?: DirectPolicy;
  /** For both. */
  readonly birthdaySearch?: boolean;
  /** For the programs of both. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A megabyte per second. */
const pace = { bytesPerSecond: 1_000_000, turnMs: 10 } as const;

/** Starts a relay, and in the sites alice, who sends bytes to bob and back all the time. */
export async function startTransfer(
  lab: Lab,
  options: TransferOptions = {},
  family: Family = "ipv4",
): Promise<{ alice: LabPeer; bob: LabPeer; programs: Record<Place, PeerProgram> }> {
  const relay = await LabRelay.start(lab.relay);
  const programs = {
    bob: await relay.startPeers(lab.bob, "bob", family, options.env),
    alice: await relay.startPeers(lab.alice, "alice", family, options.env),
  };
  const { birthdaySearch } = options;
  const bob = await programs.bob.accept("bob", { direct: options.bob, birthdaySearch });
  const alice = await programs.alice.dial("alice", "bob", pace, { direct: options.alice, birthdaySearch });
  return { alice, bob, programs };
}
