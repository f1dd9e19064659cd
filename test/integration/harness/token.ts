import { type JWTPayload, SignJWT } from "jose";
import { scopes } from "../../../src/protocol.ts";

/** The shared secret of every relay under test. */
export const secret = "a shared secret of at least 32 bytes, for tests";

const peerScopes = [scopes.register, scopes.send, scopes.receive, scopes.invite].join(" ");

/** A token that is yet to be signed: alice's, for an hour and with all scopes of a peer, unless `claims` say otherwise. */
export function unsignedToken(claims: JWTPayload): SignJWT {
  return new SignJWT({
    sub: "alice",
    scope: peerScopes,
    exp: Math.floor(Date.now() / 1000) + 3600,
    ...claims,
  });
}

/** A token under {@link secret}. */
export function tokenFor(sub: string, claims: JWTPayload = {}): Promise<string> {
  return unsignedToken({ sub, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(Buffer.from(secret));
}

/** A token under {@link secret} that may use the console and read statistics. */
export function adminToken(claims: JWTPayload = {}): Promise<string> {
  return tokenFor("root", { scope: scopes.admin, ...claims });
}
