import type { CertificateCheck } from "../trust/trust.ts";

/** What a {@link TrustGate} has found out. */
export type Verdict = "unknown" | "pending" | "trusted" | "refused";

/**
 * Holds back what a connection sends from the moment the other side's certificate is known until it has been
 * checked: so nothing that identifies us, and no data, reaches a peer that is not trusted. Until then only a
 * ClientHello and a server's own flight have gone out, which TLS sends to anybody.
 */
export class TrustGate {
  readonly #check: CertificateCheck | undefined;
  readonly #onVerdict: () => void;
  #verdict: Verdict;

  /** @param onVerdict called when a check that took time has come to its end. */
  constructor(check: CertificateCheck | undefined, onVerdict: () => void) {
    this.#check = check;
    this.#onVerdict = onVerdict;
    this.#verdict = check ? "unknown" : "trusted";
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Looks at the certificate, once there is one. */
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

  /** A check that fails is no yes: OpenSSL may refuse what the engine's TLS has let pass. */
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
