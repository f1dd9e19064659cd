import type { Address } from "../../wire/address.ts";
import type { EngineConnection } from "../engine/contract.ts";
import type { NatView } from "../nat/view.ts";
import type { PeerSocket } from "../socket.ts";
import type { ControlStream } from "./control/control-stream.ts";
import type { ConnectionPathEvent } from "./path-feed.ts";
import type { DirectPolicy } from "./policy.ts";
import type { PathChecks } from "./seeking/checks.ts";
import type { Place } from "./seeking/surroundings.ts";

/** The parts of `DirectPaths`. */
export interface DirectParts {
  readonly role: "client" | "server";
  readonly engine: EngineConnection;
  readonly socket: PeerSocket;
  readonly checks: PathChecks;
  readonly control: ControlStream;
  readonly direct: DirectPolicy;
  /** The pin of the other side's key, by whatever means it is trusted. */
  readonly otherPin: string;
  readonly birthdaySearch: boolean;
  /** Returns this socket's public address, as the relay sees it. */
  readonly reflexive: () => Address | undefined;
  /** IP addresses that the relay's name has. */
  readonly relays: readonly string[];
  readonly nat: NatView;
  /** Returns the addresses that the router maps to this socket. */
  readonly mapped: () => readonly Address[];
  /** Has what the engine has to send sent. */
  readonly wake: () => void;
  readonly onEvent: (event: ConnectionPathEvent) => void;
  /** The other side opens one path after the other. */
  readonly onAbuse: () => void;
}

/** Returns where the socket is, as of now. */
export function placeOf({ socket, reflexive, nat, mapped, relays }: DirectParts): Place {
  return {
    localPort: socket.local.port,
    reflexive: listOf(reflexive()),
    otherFamily: listOf(nat.otherFamily),
    mapped: mapped(),
    relays: [socket.relay.address, ...relays],
    reaches: (address) => socket.reaches(address),
  };
}

function listOf(address: Address | undefined): Address[] {
  return address ? [address] : [];
}
