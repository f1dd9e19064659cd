import { X509Certificate } from "node:crypto";
import { isQuicpipeError } from "../../errors.ts";
import { namesOf } from "../../files/certificate.ts";
import { diagnose, type Finding } from "../../forwarder/index.ts";
import { serveHttp2 } from "../../gateway/index.ts";
import { quicpipe, type QuicpipeOptions } from "../../plugin/index.ts";
import { formatAddress, parseAddress } from "../../wire/address.ts";
import { formatFinding } from "../finding-text.ts";
import { loadCertificate, tlsSourceOf } from "./tls/certificate.ts";
import type { RelayConfig } from "./config.ts";
import type { GivenArgs } from "./environment.ts";
import { asGiven } from "./given-option.ts";
import { openMetricsListener } from "./metrics/listener.ts";
import { requireRelayPackages } from "./packages.ts";
import { configOf } from "./running.ts";
import { type TlsText, validityWarning } from "./tls/files.ts";

/**
 * Prints what a relay would meet that is started now: configuration, certificate, ports, backend, kernel. Opens what a relay opens
 * and closes it again; a relay that runs at these ports therefore shows up as theirs. Returns the exit status: 1 if the relay would
 * not start, or nobody would trust it.
 */
export async function checkRelay(given: GivenArgs): Promise<number> {
  const findings = await findingsOf(given);
  process.stdout.write(findings.map(formatFinding).join(""));
  return findings.some(({ level }) => level === "problem") ? 1 : 0;
}

async function findingsOf(given: GivenArgs): Promise<Finding[]> {
  const about = (error: unknown): string => sentenceOf(asGiven(error, given));
  try {
    const config = configOf(given);
    // Checks every option, and does nothing else.
    quicpipe(config.options);
    requireRelayPackages();
    const certificate = await examineCertificate(config, given, about);
    return [
      ok("configuration", given.args.config ?? "no file"),
      examineAuth(config.options),
      ...certificate.findings,
      ...(await examinePorts(config, certificate.tls, about)),
      examineKernel(config.options),
    ];
  } catch (error) {
    return [problem("configuration", about(error))];
  }
}

function examineAuth({ auth }: QuicpipeOptions): Finding {
  if (auth === "none") return hint("tokens", "everybody may use the relay (auth none)");
  if (auth !== undefined)
    return ok("tokens", "those of an issuer; whether its keys can be had is seen at the first request");
  return hint("tokens", "those of this machine's development key: none of an issuer", [
    "give --issuer in production",
  ]);
}

async function examineCertificate(
  config: RelayConfig,
  given: GivenArgs,
  about: (error: unknown) => string,
): Promise<{ readonly findings: Finding[]; readonly tls?: TlsText }> {
  const source = tlsSourceOf(config, given);
  try {
    const tls = await loadCertificate(source);
    const names = namesOf(new X509Certificate(tls.cert));
    const valid = validityWarning(tls.cert, Date.now());
    const isDistrusted = valid !== undefined && !valid.includes("expires");
    const findings = [
      (isDistrusted ? problem : valid ? hint : ok)("certificate", valid ?? `for ${names.join(", ")}`),
      ...(source
        ? []
        : [hint("certificate", "it is this machine's development certificate", ["give --cert and --key"])]),
      ...examineName(config.options, names),
    ];
    return { findings, tls };
  } catch (error) {
    return { findings: [problem("certificate", about(error))] };
  }
}

/** Looks whether the certificate is for the address that peers are told. They ask by the name in their URL, which may be another. */
function examineName({ publicAddress }: QuicpipeOptions, names: readonly string[]): Finding[] {
  const host = publicAddress === undefined ? undefined : parseAddress(publicAddress)?.address;
  if (host === undefined || names.includes(host)) return [];
  return [hint("certificate", `it is not for ${host}, the host of the public address`)];
}

async function examinePorts(
  { options, metricsListen }: RelayConfig,
  tls: TlsText | undefined,
  about: (error: unknown) => string,
): Promise<Finding[]> {
  // Nothing is left in the kernel or in a state folder.
  const opened = { ...options, auth: "none", xdp: "off", telemetry: false, logger: false } as const;
  await using relay = quicpipe(opened);
  try {
    const { port, address } = await relay.listen();
    const { backend, backendReason, address: bound } = relay.stats();
    const second = bound.stunPort === undefined ? "" : ` and ${bound.stunPort} (STUN)`;
    const isSlow = backend === "dgram" && options.forwarder?.backend !== "dgram";
    return [
      ok("UDP port", `${formatAddress({ address, port })}${second} can be bound`),
      (isSlow ? hint : ok)("backend", `${backend} (${backendReason})`),
      ...(tls ? [await examineTcp(address, port, tls, about)] : []),
      ...(metricsListen === undefined ? [] : [await examineMetrics(metricsListen, about)]),
    ];
  } catch (error) {
    if (isQuicpipeError(error, "ERR_QUICPIPE_BACKEND_UNAVAILABLE")) return [problem("backend", about(error))];
    return [problem("UDP port", about(error))];
  }
}

async function examineTcp(
  host: string,
  port: number,
  { cert, key }: TlsText,
  about: (error: unknown) => string,
): Promise<Finding> {
  try {
    const app = { fetch: () => new Response() };
    await using _ = await serveHttp2(app, { host, port, cert, key, logger: false });
    return ok("TCP port", `${formatAddress({ address: host, port })} can be bound`);
  } catch (error) {
    return hint("TCP port", about(error), ["the relay runs without it, and browsers have no console"]);
  }
}

async function examineMetrics(at: string, about: (error: unknown) => string): Promise<Finding> {
  try {
    await using _ = await openMetricsListener(at, () => "");
    return ok("metrics", `${at} can be bound`);
  } catch (error) {
    return problem("metrics", about(error));
  }
}

function examineKernel({ xdp }: QuicpipeOptions): Finding {
  if (xdp === "off") return ok("kernel", "it does not forward, as xdp is off");
  const { level, sentence } = diagnose().at(-1)!;
  if (level !== "problem") return ok("kernel", sentence);
  return hint("kernel", "it would forward nothing on this machine", ["`quicpipe doctor` says why"]);
}

/** One line, as control characters of a file's path do not belong to it. */
function sentenceOf(error: unknown): string {
  const code = isQuicpipeError(error) ? ` (${error.code})` : "";
  return (error instanceof Error ? error.message : String(error)) + code;
}

function ok(subject: string, sentence: string, remedies: readonly string[] = []): Finding {
  return { level: "ok", subject, sentence, remedies };
}

function hint(subject: string, sentence: string, remedies: readonly string[] = []): Finding {
  return { level: "hint", subject, sentence, remedies };
}

function problem(subject: string, sentence: string, remedies: readonly string[] = []): Finding {
  return { level: "problem", subject, sentence, remedies };
}
