import type {
  Registrant,
  RegisteringRelay,
  RegisteringRequest,
} from "../../../src/peer/relay/registering.ts";

/** Registers by a request of its own first, as peers did. */
export async function askRegistering<Answer extends object>(
  _relay: RegisteringRelay,
  registrant: Registrant,
  { apart }: RegisteringRequest<Answer>,
): Promise<Answer> {
  return await apart(registrant.registration ?? (await registrant.register()));
}
