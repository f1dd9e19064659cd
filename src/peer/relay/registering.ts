import { isQuicpipeError } from "../../errors.ts";
import type { RegisterRequest, RegisterResponse } from "../../protocol.ts";
import { requireRegistration } from "./answer.ts";
import type { RelayClient } from "./client.ts";

/** A request that needs a registration, in both ways to come by one. */
export interface RegisteringRequest<Answer> {
  /** Registers with the request. The answer has no `registration` if the relay is an older one. */
  readonly together: (
    register: RegisterRequest,
  ) => Promise<Answer & { readonly registration?: RegisterResponse }>;
  /** Makes the request by the ID of a registration. */
  readonly apart: (registration: string) => Promise<Answer>;
  /** Takes back what the relay has carried out, as there is no registration to go with it. */
  readonly undo?: (answer: Answer) => Promise<void>;
}

/** Who makes such a request. */
export interface Registrant {
  /** ID of its registration, if it has one. */
  readonly registration: string | undefined;
  readonly wanted: RegisterRequest;
  /** Takes over a registration that came with another answer. May throw. */
  adopt(registration: RegisterResponse): void;
  /** Registers by a request of its own. Returns the registration's ID. */
  register(): Promise<string>;
}

/** The relay as {@link askRegistering} sees it. */
export type RegisteringRelay = Pick<
  RelayClient,
  "registersWith" | "noteRegistersWith" | "register" | "endRegistration"
>;

/**
 * Makes a request and registers with it, in one round trip. At an older relay the registration goes first, once that is found out.
 *
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal of either. No registration is left by this request then.
 */
export async function askRegistering<Answer extends object>(
  relay: RegisteringRelay,
  registrant: Registrant,
  request: RegisteringRequest<Answer>,
): Promise<Answer> {
  if (registrant.registration === undefined && relay.registersWith !== false) {
    const answer = await askTogether(relay, registrant, request);
    if (answer) return answer;
  }
  return await request.apart(registrant.registration ?? (await registrant.register()));
}

/** Returns `undefined` if the relay is an older one, and has refused the request. */
async function askTogether<Answer extends object>(
  relay: RegisteringRelay,
  registrant: Registrant,
  { together, undo }: RegisteringRequest<Answer>,
): Promise<Answer | undefined> {
  const answer = await together(registrant.wanted).catch((error: unknown) => {
    if (isOlderRefusal(error)) return undefined;
    if (isLost(error)) void forget(relay, registrant.wanted);
    throw error;
  });
  relay.noteRegistersWith(answer?.registration !== undefined);
  if (!answer) return undefined;
  try {
    if (answer.registration) registrant.adopt(requireRegistration(answer.registration));
    else await registrant.register();
  } catch (error) {
    // What is not taken back expires.
    await undo?.(answer).catch(() => undefined);
    throw error;
  }
  return answer;
}

/** An older relay looks for the member `registration` alone. One of today does not with `register`. */
function isOlderRefusal(error: unknown): boolean {
  return isQuicpipeError(error, "ERR_QUICPIPE_REGISTRATION_NOT_FOUND");
}

/** Whether the request may have been carried out, without an answer. */
function isLost(error: unknown): boolean {
  return isQuicpipeError(error, "ERR_QUICPIPE_RELAY_UNREACHABLE") && error.details["sent"] !== false;
}

/** Ends the registration of a request whose answer was lost. Registering again is how to learn its ID. */
async function forget(relay: RegisteringRelay, wanted: RegisterRequest): Promise<void> {
  try {
    const { id } = requireRegistration(await relay.register(wanted));
    await relay.endRegistration(id);
  } catch {
    // It expires at the relay anyway.
  }
}
