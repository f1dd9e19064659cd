import { randomBytes } from "node:crypto";
import { compactVerify, decodeProtectedHeader, SignJWT } from "jose";
import { isJsonObject } from "../../option-checks.ts";
import { invitationTokenType } from "../../protocol.ts";
import { tokenInvalid } from "../auth/claims.ts";

/** What a token of an invitation says: which one it is, and until when. The relay knows the rest. */
export interface InvitationClaims {
  readonly id: string;
  /** ms since the epoch, by the system clock. */
  readonly expiresAtMs: number;
}

const algorithm = "HS256";

/**
 * Reports whether a token claims to be an invitation's, by the `typ` of its header. It is then checked as that and as nothing else, and
 * a token of another kind never is.
 */
export function isInvitationToken(token: string): boolean {
  try {
    return isInvitationType(decodeProtectedHeader(token).typ);
  } catch {
    return false;
  }
}

/** With or without `application/`, in upper or lower case (RFC 7515 §4.1.9). */
function isInvitationType(typ: unknown): boolean {
  return typeof typ === "string" && typ.toLowerCase().replace(/^application\//, "") === invitationTokenType;
}

/** Signs and verifies the tokens of one relay's invitations, with a key that nothing else is signed with and that ends with it. */
export class InvitationTokens {
  readonly #key: Uint8Array = randomBytes(32);

  sign({ id, expiresAtMs }: InvitationClaims): Promise<string> {
    return new SignJWT()
      .setProtectedHeader({ alg: algorithm, typ: invitationTokenType })
      .setJti(id)
      .setExpirationTime(new Date(expiresAtMs))
      .sign(this.#key);
  }

  /** Verifies the signature alone: an expired invitation may have connections. @throws ERR_QUICPIPE_TOKEN_INVALID */
  async verify(token: string): Promise<InvitationClaims> {
    const { payload, protectedHeader } = await compactVerify(token, this.#key, {
      algorithms: [algorithm],
    }).catch((cause: unknown) => {
      throw tokenInvalid("no invitation of this relay", cause);
    });
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
    const { jti, exp } = isJsonObject(claims) ? claims : {};
    if (!isInvitationType(protectedHeader.typ) || typeof jti !== "string" || typeof exp !== "number")
      throw tokenInvalid("no invitation of this relay");
    return { id: jti, expiresAtMs: exp * 1000 };
  }
}
