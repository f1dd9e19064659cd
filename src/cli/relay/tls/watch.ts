import { isQuicpipeError } from "../../../errors.ts";
import type { Logger } from "../../../log.ts";
import { readTexts, readTlsFiles, type TlsSource, type TlsText, validityWarning } from "./files.ts";

/** Time between two looks at the files, in ms. */
const lookMs = 10_000;
/** Time between two warnings of a certificate that has ended or is about to, in ms. */
const warnMs = 86_400_000;

/** Options of {@link CertificateWatch}. */
export interface CertificateWatchOptions {
  readonly files: TlsSource;
  /** What is served now. */
  readonly served: TlsText;
  readonly log: Pick<Logger, "warn" | "error">;
  /** Serves what the files hold now. */
  readonly onChange: (renewed: TlsText) => Promise<void>;
  /** ms since the epoch. */
  readonly now?: () => number;
}

/**
 * Reads the files of the certificate every 10 s and serves what they hold. It looks at contents, not at events of the file system:
 * certbot and Kubernetes replace symbolic links, others rename files, and network file systems tell nothing. The owner closes it.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #files: TlsSource;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #served: TlsText;
  /** What was found and cannot be served, and how many looks have found it. */
  #unfit: { readonly found: string; readonly looks: number } | undefined;
  #warnedAtMs = -Infinity;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#now = options.now ?? Date.now;
    this.#served = options.served;
    this.#warn();
    this.#timer = setInterval(() => void this.look(), lookMs).unref();
  }

  /** The certificate that is served now, PEM. */
  get certificate(): string {
    return this.#served.cert;
  }

  /**
   * Looks at the files now. Never rejects: what is wrong is logged, and the certificate before stays.
   *
   * @param isAsked whether the user wants to know at once. Otherwise the second look tells: a renewal may be half done at the first.
   */
  look(isAsked = false): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look(isAsked));
    return this.#looking;
  }

  /** Watches other files from now on. */
  watch(files: TlsSource): void {
    this.#files = files;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(isAsked: boolean): Promise<void> {
    let found = "";
    try {
      const { cert, key } = readTexts(this.#files);
      found = cert + key;
      if (found !== this.#served.cert + this.#served.key) await this.#serve(readTlsFiles(this.#files));
      this.#unfit = undefined;
    } catch (error) {
      this.#failed(found, error, isAsked);
    }
    this.#warn();
  }

  async #serve(renewed: TlsText): Promise<void> {
    await this.#options.onChange(renewed);
    this.#served = renewed;
    this.#warnedAtMs = -Infinity;
  }

  #failed(found: string, error: unknown, isAsked: boolean): void {
    const looks = this.#unfit?.found === found ? this.#unfit.looks + 1 : 1;
    this.#unfit = { found, looks };
    if (looks !== 2 && !isAsked) return;
    const why = error instanceof Error ? error.message : String(error);
    const code = isQuicpipeError(error) ? ` (${error.code})` : "";
    this.#options.log.error(`quicpipe: the certificate before is served on: ${why}${code}`);
  }

  #warn(): void {
    const warning = validityWarning(this.#served.cert, this.#now());
    if (warning === undefined || this.#now() - this.#warnedAtMs < warnMs) return;
    this.#warnedAtMs = this.#now();
    this.#options.log.warn(`quicpipe: ${warning}`);
  }
}
