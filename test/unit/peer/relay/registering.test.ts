import { describe, expect, it } from "vitest";
import { QuicpipeError, type QuicpipeErrorCode } from "../../../../src/errors.ts";
import {
  askRegistering,
  type Registrant,
  type RegisteringRelay,
  type RegisteringRequest,
} from "../../../../src/peer/relay/registering.ts";
import type { RegisterResponse } from "../../../../src/protocol.ts";

const wanted = { key: "a2V5", num: 32 };

function registration(id: string): RegisterResponse {
  const relay = "relay.example:4433";
  return { id, address: null, relay, num: 32, expiresAt: "2026-01-01T00:00:00Z", secret: "s" };
}

interface Answer {
  readonly message: string;
  readonly registration?: RegisterResponse;
}

/** A relay of today, with a peer without a registration and its request, and what happens to them. */
class Scene implements RegisteringRelay {
  readonly log: string[] = [];
  registersWith: boolean | undefined;
  /** What the relay says to the request with a registration in it. */
  together: Answer | QuicpipeError = { message: "m", registration: registration("with") };
  /** What it says to a registration alone. */
  alone: RegisterResponse | QuicpipeError = registration("alone");
  own: string | undefined;

  async ask(): Promise<Answer> {
    return await askRegistering(this, this.#registrant(), this.#request());
  }

  noteRegistersWith(does: boolean): void {
    this.registersWith = does;
  }

  register(): Promise<RegisterResponse> {
    return this.#say("forgotten: register", this.alone);
  }

  async endRegistration(id: string): Promise<void> {
    this.log.push(`forgotten: end ${id}`);
  }

  #registrant(): Registrant {
    return {
      registration: this.own,
      wanted,
      adopt: ({ id }) => this.#take(`adopt ${id}`, id),
      register: async () => {
        const { id } = await this.#say("register", this.alone);
        this.own = id;
        return id;
      },
    };
  }

  #request(): RegisteringRequest<Answer> {
    return {
      together: (register) => this.#say(`ask with ${register.key}`, this.together),
      apart: (id) => this.#say(`ask by ${id}`, { message: "m" }),
      undo: async ({ message }) => void this.log.push(`undo ${message}`),
    };
  }

  #take(line: string, id: string): void {
    this.log.push(line);
    this.own = id;
  }

  #say<T>(line: string, what: T | QuicpipeError): Promise<T> {
    this.log.push(line);
    return what instanceof QuicpipeError ? Promise.reject(what) : Promise.resolve(what);
  }
}

function fault(code: QuicpipeErrorCode, details: object = {}): QuicpipeError {
  return new QuicpipeError(code, "no", { details } as never);
}

describe("a request that needs a registration", () => {
  it("registers by itself, in one request", async () => {
    const scene = new Scene();
    expect(await scene.ask()).toMatchObject({ message: "m" });
    expect(scene.log).toEqual(["ask with a2V5", "adopt with"]);
    expect(scene.registersWith).toBe(true);
  });

  it("uses the registration that there is", async () => {
    const scene = new Scene();
    scene.own = "before";
    await scene.ask();
    expect(scene.log).toEqual(["ask by before"]);
  });

  it("is made apart of it at an older relay that refuses the request, and at once the next time", async () => {
    const scene = new Scene();
    scene.together = fault("ERR_QUICPIPE_REGISTRATION_NOT_FOUND");
    await scene.ask();
    expect(scene.log).toEqual(["ask with a2V5", "register", "ask by alone"]);
    scene.own = undefined;
    scene.log.length = 0;
    await scene.ask();
    expect(scene.log).toEqual(["register", "ask by alone"]);
  });

  it("is followed by it at an older relay that ignores what it does not know, and preceded the next time", async () => {
    const scene = new Scene();
    scene.together = { message: "m" };
    expect(await scene.ask()).toEqual({ message: "m" });
    expect(scene.log).toEqual(["ask with a2V5", "register"]);
    scene.own = undefined;
    scene.log.length = 0;
    await scene.ask();
    expect(scene.log).toEqual(["register", "ask by alone"]);
  });

  it("is taken back where an older relay does not register after it", async () => {
    const scene = new Scene();
    scene.together = { message: "m" };
    scene.alone = fault("ERR_QUICPIPE_REGISTRATION_QUOTA");
    await expect(scene.ask()).rejects.toBe(scene.alone);
    expect(scene.log).toEqual(["ask with a2V5", "register", "undo m"]);
  });

  it("is taken back where the registration is no good", async () => {
    const scene = new Scene();
    scene.together = { message: "m", registration: { ...registration("with"), secret: 5 as never } };
    await expect(scene.ask()).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_REFUSED" });
    expect(scene.log).toEqual(["ask with a2V5", "undo m"]);
  });

  it("leaves no registration behind where its answer is lost", async () => {
    const scene = new Scene();
    scene.together = fault("ERR_QUICPIPE_RELAY_UNREACHABLE", { sent: true });
    await expect(scene.ask()).rejects.toBe(scene.together);
    await expect
      .poll(() => scene.log)
      .toEqual(["ask with a2V5", "forgotten: register", "forgotten: end alone"]);
  });

  it.each([
    fault("ERR_QUICPIPE_RELAY_UNREACHABLE", { sent: false }),
    fault("ERR_QUICPIPE_MAILBOX_FULL"),
    fault("ERR_QUICPIPE_CID_QUOTA"),
  ])("has nothing to leave where the relay did nothing: $code", async (refusal) => {
    const scene = new Scene();
    scene.together = refusal;
    await expect(scene.ask()).rejects.toBe(refusal);
    await Promise.resolve();
    expect(scene.log).toEqual(["ask with a2V5"]);
    expect(scene.registersWith).toBeUndefined();
  });
});
