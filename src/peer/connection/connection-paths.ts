import { QuicpipeError } from "../../errors.ts";
import type { PathTrace } from "../../telemetry/index.ts";
import type { Address } from "../../wire/address.ts";
import type { EngineConnection, PathEvent } from "../engine/contract.ts";
import type { NatView } from "../nat/view.ts";
import { ControlStream } from "../path/control/control-stream.ts";
import { DirectPaths, relayPath } from "../path/direct.ts";
import { type ConnectionPathEvent, PathFeed } from "../path/path-feed.ts";
import type { DirectPolicy, RelayReason } from "../path/policy.ts";
import type { PathChecks } from "../path/seeking/checks.ts";
import type { PeerSocket } from "../socket.ts";
import { tryPinOf } from "../trust/identity.ts";
import { type ConnectionPath, pathOf } from "./connection-path.ts";

/** The parts of {@link ConnectionPaths}. */
export interface PathsParts {
  readonly role: "client" | "server";
  readonly engine: EngineConnection;
  readonly socket: PeerSocket;
  readonly checks: PathChecks;
  readonly direct: DirectPolicy;
  readonly birthdaySearch: boolean;
  readonly remoteName: string | undefined;
  /** Returns this socket's public address, as the relay sees it. */
  readonly reflexive: () => Address | undefined;
  readonly nat: NatView;
  /** Returns the addresses that the router maps to the socket, and has it asked for them where it is not yet. */
  readonly mapped: () => readonly Address[];
  /** IP addresses that the relay's name has. */
  readonly relays: readonly string[];
  readonly maxStreams: number;
  readonly trace?: PathTrace | undefined;
}

/** What {@link ConnectionPaths} tells the connection. */
export interface PathsOwner {
  /** The application may talk: over the relay, or if it wants no other, over the direct path. Called once at most. */
  onReady(): void;
  /**
   * There is no direct path, and the application wants no other; or the other side opens one after the other.
   *
   * @param reason what the other side is told.
   */
  onUnavailable(error: QuicpipeError, reason?: string): void;
  readonly wake: () => void;
}

/** The ways that the packets of one connection take: the relay's, and a direct one as soon as there is one. */
export class ConnectionPaths {
  readonly control: ControlStream;
  /** What happens to them, for the application. */
  readonly feed: PathFeed = new PathFeed();
  readonly #parts: PathsParts;
  readonly #owner: PathsOwner;
  #direct: DirectPaths | undefined;
  #isOpen = false;
  #isReady = false;
  /** When the packets began to take the way that they take, in ms since the epoch. */
  #since: number = Date.now();

  constructor(parts: PathsParts, owner: PathsOwner) {
    this.#parts = parts;
    this.#owner = owner;
    this.control = new ControlStream(parts.engine, parts.role, owner.wake);
  }

  /** Sends what the connection has to send. */
  readonly flush = (engine: EngineConnection, resume: () => void): void => {
    const isMirrored = this.#parts.socket.flush(engine, resume, this.#direct?.route);
    if (isMirrored) this.#direct?.onMirrored();
  };

  /** The way that packets take now. */
  get current(): ConnectionPath {
    const direct = this.#direct?.agent.path;
    if (direct?.phase === "open")
      return pathOf("direct", direct.remote!, direct.rttMs, this.#since, this.#direct!.route.isMirrored);
    const { engine, socket } = this.#parts;
    const rttMs = engine.paths().find(({ id }) => id === relayPath)?.smoothedRtt ?? 0;
    const reason = this.#direct ? this.#direct.agent.reason : this.#unsupported;
    return { ...pathOf("relay", socket.relay, rttMs, this.#since), ...(reason && { reason }) };
  }

  /** Looks for a direct path, now that both sides trust each other. The stream for it is the client's first. */
  open(): void {
    const { direct, trace } = this.#parts;
    this.#isOpen = true;
    trace?.opened();
    if (this.control.isAgreed) this.#seek();
    else trace?.tell({ kind: "refused", reason: "peer-unsupported" });
    if (direct !== "require") this.#ready();
    else if (!this.#direct) this.#refuse("peer-unsupported");
  }

  onPath(event: PathEvent): void {
    this.#direct?.onPath(event);
  }

  onDetours(): void {
    this.#direct?.onDetours();
  }

  keepAlive(): void {
    this.#direct?.onKeepalive();
  }

  /** This side's addresses have changed. */
  moved(): void {
    this.#direct?.onMoved();
  }

  /** More is known of the NAT in front of this side. */
  natKnown(): void {
    this.#direct?.onNatKnown();
  }

  /** Ends all of it. Idempotent. */
  close(): void {
    this.#direct?.close();
    this.feed.close();
    this.#parts.trace?.closed();
  }

  /** The reason of a connection whose peers have not agreed to talk about paths. */
  get #unsupported(): RelayReason | undefined {
    return this.#isOpen ? "peer-unsupported" : undefined;
  }

  #seek(): void {
    const { engine, maxStreams } = this.#parts;
    engine.allowStreams("bidirectional", maxStreams + 1);
    this.#direct = new DirectPaths({
      ...this.#parts,
      control: this.control,
      otherPin: pinOf(engine),
      wake: this.#owner.wake,
      onEvent: (event) => this.#tell(event),
      onAbuse: () => this.#owner.onUnavailable(tooManyPaths()),
    });
    this.#direct.start();
  }

  #tell(event: ConnectionPathEvent): void {
    if (event.kind === "selected" || event.kind === "lost") this.#since = Date.now();
    this.feed.publish(event);
    this.#parts.trace?.tell(event);
    if (event.kind === "selected") this.#ready();
    else if (event.kind === "refused" && event.reason !== "quarantined") this.#refuse(event.reason);
  }

  #ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#owner.onReady();
  }

  #refuse(reason: RelayReason): void {
    if (this.#parts.direct === "require")
      this.#owner.onUnavailable(unavailable(this.#parts.remoteName, reason), requirement);
  }
}

function pinOf(engine: EngineConnection): string {
  const [der] = engine.certificates();
  return (der && tryPinOf(der)) ?? "";
}

/** Of the close of a connection that requires a direct path, in the words of who reads it. */
const requirement = "the other peer requires a direct path, and there is none";

function tooManyPaths(): QuicpipeError {
  const message =
    "the other peer opens one path after the other, each of which takes connection IDs of this one";
  return new QuicpipeError("ERR_QUICPIPE_CONNECTION_LOST", message);
}

function unavailable(remoteName: string | undefined, reason: RelayReason): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_DIRECT_UNAVAILABLE",
    `there is no direct path to ${remoteName ?? "the other peer"} (${reason}), and \`direct: "require"\` ends a connection without one: with "auto" the relay carries it`,
    { details: { reason } },
  );
}
