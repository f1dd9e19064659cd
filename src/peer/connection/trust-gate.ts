import type { CertificateCheck } from "../trust/trust.ts";

/** State of a {@link TrustGate}. */
export type Verdict = "unknown" | "pending" | "trusted" | "refused";

/**
 * Holds back the packets of a connection from the moment the other side's certificate is known until it has been
 * checked. So no data, and nothing that identifies this peer, reaches an untrusted peer. Before, only a ClientHello and
 * a server's own flight have gone out, which TLS sends to any peer.
 */
export class TrustGate {
  readonly #check: CertificateCheck | undefined;
  readonly #onVerdict: () => void;
  #verdict: Verdict;

  /** @param onVerdict called when the check has ended. */
  constructor(check: CertificateCheck | undefined, onVerdict: () => void) {
    this.#check = check;
    this.#onVerdict = onVerdict;
    this.#verdict = check ? "unknown" : "trusted";
  }

  /** Checks the certificate once there is one, and returns the state. */
  look(certificate: () => Uint8Array | undefined): Verdict {
    const der = this.#verdict === "unknown" ? certificate() : undefined;
    if (der) void this.#judge(der);
    return this.#verdict;
  }

  /** A check that fails refuses: OpenSSL may reject a certificate that the engine's TLS has let pass. */
  async #judge(der: Uint8Array): Promise<void> {
    this.#verdict = "pending";
    const isTrusted = await this.#check!(der).catch(() => false);
    this.#verdict = isTrusted ? "trusted" : "refused";
    this.#onVerdict();
  }
}
