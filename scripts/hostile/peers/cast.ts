import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIdentity, type Identity } from "../../../src/peer/index.ts";
import { RelayProcess } from "../relay-process.ts";
import type { Judgement } from "./floods.ts";
import { accepterName } from "./honest-figures.ts";
import { PeerProcess } from "./peer-process.ts";

const dialerName = "dialer";
const judgements = ["unjudged", "refused", "trusted"] as const;

type Name = Judgement | typeof accepterName | typeof dialerName;

/** The processes that take part in every flood, and identities for hostile peers. The caller disposes of it. */
export class Cast implements AsyncDisposable {
  readonly relay: RelayProcess;
  readonly accepter: PeerProcess;
  readonly dialer: PeerProcess;
  /** Files of certificate and key, by what the accepter thinks of them. */
  readonly identityFiles: Readonly<Record<Judgement, string>>;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<Cast, "relay" | "accepter" | "dialer" | "identityFiles">,
    stack: AsyncDisposableStack,
  ) {
    this.relay = parts.relay;
    this.accepter = parts.accepter;
    this.dialer = parts.dialer;
    this.identityFiles = parts.identityFiles;
    this.#stack = stack;
  }

  static async open(backend: string): Promise<Cast> {
    await using opening = new AsyncDisposableStack();
    const relay = opening.adopt(await RelayProcess.start(backend), (it) => it.close());
    const identities = await makeIdentities();
    const start = async (name: Name, ...trusted: Name[]): Promise<PeerProcess> =>
      opening.adopt(await startPeer(relay, identities, name, trusted), (it) => it.close());
    const accepter = await start(accepterName, dialerName, "trusted");
    const dialer = await start(dialerName, accepterName);
    const folder = mkdtempSync(join(tmpdir(), "quicpipe-hostile-"));
    opening.defer(() => rmSync(folder, { recursive: true }));
    const identityFiles = writeIdentities(folder, identities);
    return new Cast({ relay, accepter, dialer, identityFiles }, opening.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

type Identities = Readonly<Record<Name, Identity>>;

async function makeIdentities(): Promise<Identities> {
  const names = [accepterName, dialerName, ...judgements];
  const made = names.map(async (name) => [name, await createIdentity({ name })] as const);
  return Object.fromEntries(await Promise.all(made)) as Identities;
}

async function startPeer(
  { target }: RelayProcess,
  identities: Identities,
  name: Name,
  trusted: readonly Name[],
): Promise<PeerProcess> {
  return await PeerProcess.start(`${name}.ts`, {
    relay: `https://${target.host}:${target.port}`,
    relayCa: target.certificate,
    token: await target.token(name),
    identity: identities[name].pem,
    trusted: trusted.map((other) => identities[other].pin),
    unjudged: [identities.unjudged.pin],
  });
}

function writeIdentities(folder: string, identities: Identities): Record<Judgement, string> {
  const write = (judgement: Judgement): string => {
    const file = join(folder, judgement);
    writeFileSync(file, identities[judgement].pem, { mode: 0o600 });
    return file;
  };
  return { unjudged: write("unjudged"), refused: write("refused"), trusted: write("trusted") };
}
