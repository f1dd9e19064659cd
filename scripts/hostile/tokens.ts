import { SignJWT } from "jose";

/** Shared secret of the relay and the token maker. */
export type Secret = string;

const scope = "relay:register mailbox:send mailbox:receive";

/** Makes a function that makes tokens with all scopes of a peer. */
export function tokens(secret: Secret): (subject: string) => Promise<string> {
  const key = Buffer.from(secret);
  return (subject) =>
    new SignJWT({ scope })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(subject)
      .setExpirationTime("1h")
      .sign(key);
}
