import { randomBytes } from "node:crypto";
import type { Socket } from "node:dgram";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { RegisterResponse, SentMessage } from "../../../src/protocol.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";
import {
  type BindingReply,
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
  type StunChallenge,
} from "../../../src/wire/stun-binding.ts";
import { isStun } from "../../../src/wire/stun.ts";
import type { Target } from "../attack.ts";
import { initialLike } from "../clients/initial.ts";
import { patienceMs } from "./patience.ts";
import { openSocket } from "./socket.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

const answerMs = 1000;
const tries = 3;

/** A peer as the relay sees it: a socket, one TCP connection for its requests, and STUN. The caller closes it. */
export class Registrant {
  readonly socket: Socket;
  /** Its connection IDs derive from it. */
  readonly key: Buffer = randomBytes(32);
  readonly #target: Target;
  readonly #agent: Agent;
  readonly #subject: string;
  #isOpen = true;
  #registration: RegisterResponse | undefined;
  #challenge: StunChallenge | undefined;
  #onReply: ((datagram: Buffer) => void) | undefined;

  private constructor(target: Target, subject: string, socket: Socket, onPacket: (packet: Buffer) => void) {
    this.socket = socket;
    this.#target = target;
    this.#subject = subject;
    const localAddress = socket.address().address;
    const tls = { ca: target.certificate, servername: "localhost", localAddress };
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls });
    socket.on("message", (datagram) => (isStun(datagram) ? this.#onReply?.(datagram) : onPacket(datagram)));
  }

  static async open(
    target: Target,
    subject: string,
    address: string,
    onPacket: (packet: Buffer) => void,
  ): Promise<Registrant> {
    return new Registrant(target, subject, await openSocket(address), onPacket);
  }

  /** ID of the registration; `undefined` before there is one. */
  get id(): string | undefined {
    return this.#registration?.id;
  }

  /** Registers or refreshes. Reports whether the relay granted it. @param num connection IDs. */
  async register(num = 4): Promise<boolean> {
    const body = JSON.stringify({ key: this.key.toString("base64"), num });
    const answer = await this.#ask("POST", "/v1/register", body);
    if (answer?.status !== 200 && answer?.status !== 201) return false;
    this.#registration = JSON.parse(answer.body) as RegisterResponse;
    return true;
  }

  /** Proves the address or renews by STUN. Reports whether the relay granted it within a few tries. */
  async renew(): Promise<boolean> {
    for (let i = 0; i < tries; i++) {
      const reply = await this.#exchange();
      if (reply?.kind === "success") return true;
      if (reply?.kind === "challenge") this.#challenge = reply.challenge;
    }
    return false;
  }

  /** Sends a packet to another peer's first connection ID. */
  sendTo(other: Registrant, content: Uint8Array): void {
    const { host, port } = this.#target;
    const packet = Buffer.concat([Buffer.from([0x40]), deriveConnectionId(other.key, 1), content]);
    this.socket.send(packet, port, host);
  }

  /** Leaves a message and takes it back. Reports whether the relay granted both. */
  async leaveMessage(recipient: string): Promise<boolean> {
    const path = `/v1/mailbox/${recipient}`;
    const body = JSON.stringify({ packets: [initialLike().toString("base64")] });
    const answer = await this.#ask("POST", path, body);
    if (answer?.status !== 201) return false;
    const { id } = JSON.parse(answer.body) as SentMessage;
    return await this.#delete(`${path}/${id}`);
  }

  /** Leaves a first flight for another peer. Reports whether the relay took it. */
  async leaveFlight(recipient: string, packets: readonly Buffer[]): Promise<boolean> {
    const body = JSON.stringify({ packets: packets.map((packet) => packet.toString("base64")) });
    const answer = await this.#ask("POST", `/v1/mailbox/${recipient}`, body);
    return answer?.status === 201;
  }

  /** Closes the socket, whose address stays registered, and returns that address for another process to bind. */
  async handOver(): Promise<string> {
    const { address, port } = this.socket.address();
    this.#isOpen = false;
    await new Promise<void>((resolve) => this.socket.close(resolve));
    return `${address}:${port}`;
  }

  /** Ends the registration. Reports whether the relay granted it. */
  async leave(): Promise<boolean> {
    return await this.#delete(`/v1/register/${this.#registration!.id}`);
  }

  close(): void {
    this.#agent.destroy();
    if (this.#isOpen) this.socket.close();
  }

  async #delete(path: string): Promise<boolean> {
    const answer = await this.#ask("DELETE", path);
    return answer?.status === 204;
  }

  /** Sends one request over TCP. Resolves to `undefined` without a response. */
  async #ask(method: string, path: string, body?: string): Promise<Answer | undefined> {
    const { host, port } = this.#target;
    const authorization = `Bearer ${await this.#target.token(this.#subject)}`;
    const headers = { authorization, ...(body && { "content-type": "application/json" }) };
    const signal = AbortSignal.timeout(patienceMs);
    return await new Promise((resolve) => {
      request({ host, port, agent: this.#agent, method, path, headers, signal }, async (response) => {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        resolve({ status: response.statusCode!, body: text });
      })
        .on("error", () => resolve(undefined))
        .end(body);
    });
  }

  async #exchange(): Promise<BindingReply | undefined> {
    const { id: username, secret: password } = this.#registration!;
    const challenge = this.#challenge && { challenge: this.#challenge };
    const binding: BindingRequest = {
      transactionId: randomBytes(12),
      credential: { username, password },
      ...challenge,
    };
    const { promise, resolve } = Promise.withResolvers<BindingReply | undefined>();
    this.#onReply = (datagram) => {
      const reply = parseBindingReply(datagram, binding);
      if (reply) resolve(reply);
    };
    this.socket.send(encodeBindingRequest(binding), this.#target.port, this.#target.host);
    return await Promise.race([promise, sleep(answerMs, undefined)]);
  }
}
