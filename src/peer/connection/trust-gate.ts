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

  /** @param onVerdict called when an asynchronous check has ended. */
  constructor(check: CertificateCheck | undefined, onVerdict: () => void) {
    this.#check = check;
    this.#onVerdict = onVerdict;
    this.#verdict = check ? "unknown" : "trusted";
  }

  /** Checks the certificate once there is one, and returns the state. */
  look(certificate: () => Uint8Array | undefined): Verdict {
    const der = this.#verdict === "unknown" ? certificate() : undefined;
    if (der) this.#judge(der);
    return this.#verdict;
  }

  #judge(der: Uint8Array): void {
    const answer = this.#ask(der);
    if (typeof answer === "boolean") {
      this.#verdict = answer ? "trusted" : "refused";
      return;
    }
    this.#verdict = "pending";
    void this.#await(answer);
  }

  /** A check that throws refuses: OpenSSL may reject a certificate that the engine's TLS has let pass. */
  #ask(der: Uint8Array): boolean | Promise<boolean> {
    try {
      return this.#check!(der);
    } catch {
      return false;
    }
  }

  async #await(answer: Promise<boolean>): Promise<void> {
    const yes = await answer.catch(() => false);
    this.#verdict = yes ? "trusted" : "refused";
    this.#onVerdict();
  }
}
