import { SignJWT } from "jose";
import { scopes } from "../../src/protocol.ts";

/** Returns a token of a peer, under the relay's shared secret, that outlives the run. */
export async function signToken(secret: string, name: string): Promise<string> {
  const scope = [scopes.register, scopes.send, scopes.receive].join(" ");
  return await new SignJWT({ sub: name, scope })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(Buffer.from(secret));
}
