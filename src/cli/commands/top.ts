import { setTimeout as delay } from "node:timers/promises";
import { styleText } from "node:util";
import { defineCommand, type CommandDef } from "citty";
import { sampleIntervalMs, topTimeoutMs } from "../../defaults/index.ts";
import { isQuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";
import { type AdminClient, openAdminClient } from "../../peer/admin/index.ts";
import { developmentToken } from "../development-token.ts";
import { pathRates, type PathSample } from "../../plugin/stats/index.ts";
import { scopes } from "../../protocol.ts";
import { inFlags } from "../arguments.ts";
import {
  isOnThisMachine,
  type RelayAccessArgs,
  relayAccessArgs,
  relayOptions,
  withToken,
} from "../peer/relay-access.ts";
import { givenTokenSource, mintedTokenSource, type Token } from "../peer/token.ts";
import { openQuitSignal, openScreen } from "../top/screen.ts";
import { printableJson } from "../terminal-text.ts";
import { requireStats } from "../top/stats.ts";
import { type TopFigures, topLines, type TopSurface } from "../top/view.ts";

const args = {
  ...relayAccessArgs,
  once: {
    type: "boolean",
    description: "Print one look and end, as it does where the output is no terminal",
  },
  json: { type: "boolean", description: "Print one look as JSON and end" },
} as const;

/** `quicpipe top`: shows the current activity of a relay in a terminal. */
export const top = defineCommand({
  meta: {
    name: "top",
    description:
      "Show what a relay does right now: totals, rates, drops and the busiest registrations; needs a token with the scope relay:admin (on this machine, the development key makes one); q ends it",
  },
  args,
  async run({ args: given }) {
    const options = { token: await adminToken(given), ...relayOptions(given) };
    const client = await openAdminClient({ ...options, requestTimeoutMs: topTimeoutMs }).catch(
      (error: unknown) => {
        throw inFlags(error, { relay: "--relay" });
      },
    );
    try {
      await withToken(given, async () => {
        if (given.json) process.stdout.write(`${printableJson(await lookOnce(client))}\n`);
        else if (given.once || !process.stdout.isTTY) printOnce(await lookOnce(client));
        else await show(client, process.stdout);
      });
    } finally {
      await client.close();
    }
  },
}) as CommandDef;

/** @throws ERR_QUICPIPE_OPTION_INVALID without a token, for a relay elsewhere. */
async function adminToken(given: RelayAccessArgs): Promise<Token> {
  const token = givenTokenSource(given);
  if (token) return token;
  if (isOnThisMachine(given))
    return await mintedTokenSource(() => developmentToken({ sub: "quicpipe top", scope: scopes.admin }));
  throw optionError(
    "--token-file",
    `no token: set QUICPIPE_TOKEN or give --token-file, with a token that has the scope ${scopes.admin}`,
  );
}

/** Registrations to ask for: more than a screen has lines. */
const maxRows = 200;
/** Registrations to print without a screen. */
const printedRows = 20;
/** Columns where the output is no terminal: more than any line of an honest relay has. */
const printedColumns = 1000;

/** Fetches figures repeatedly, and computes rates from two consecutive answers. */
class Looks {
  readonly #client: AdminClient;
  #before: PathSample | undefined;

  constructor(client: AdminClient) {
    this.#client = client;
  }

  async next(limit: number): Promise<TopFigures> {
    const stats = requireStats(await this.#client.stats({ limit, order: "rate" }), limit);
    const now = { path: stats.path, atMs: performance.now() };
    const rates = this.#before ? pathRates(this.#before, now) : null;
    this.#before = now;
    return { stats, rates };
  }
}

/** Looks twice, as the first look has no rates yet. */
async function lookOnce(client: AdminClient): Promise<TopFigures> {
  const looks = new Looks(client);
  await looks.next(printedRows);
  // The relay takes its second sample an interval after the first, and a little later it can be read.
  await delay(1.1 * sampleIntervalMs);
  return await looks.next(printedRows);
}

function printOnce(figures: TopFigures): void {
  const columns = process.stdout.columns || printedColumns;
  const surface: TopSurface = { columns, style: (_format, text) => text };
  process.stdout.write(`${topLines(figures, surface).join("\n")}\n`);
}

/** Redraws every second until the user quits. Keeps trying if a relay that has answered once no longer does. */
async function show(client: AdminClient, output: NodeJS.WriteStream): Promise<void> {
  const looks = new Looks(client);
  let figures = await looks.next(maxRows);
  const screen = openScreen(output);
  const draw = (): void => screen.draw(topLines(figures, surfaceOf(output)));
  output.on("resize", draw);
  const quit = openQuitSignal(process.stdin);
  const over = quit.asked.then(() => undefined);
  try {
    for (
      let next: TopFigures | undefined = figures;
      next;
      next = await Promise.race([lookSoon(looks, figures), over])
    ) {
      figures = next;
      draw();
    }
  } finally {
    quit.close();
    output.off("resize", draw);
    screen.close();
  }
}

/** Returns the next look, or the last one with the fault if the relay does not answer. */
async function lookSoon(looks: Looks, last: TopFigures): Promise<TopFigures> {
  await delay(sampleIntervalMs, undefined, { ref: false });
  try {
    return await looks.next(maxRows);
  } catch (error) {
    if (!isQuicpipeError(error)) throw error;
    return { ...last, fault: error.message };
  }
}

function surfaceOf(output: NodeJS.WriteStream): TopSurface {
  return {
    // A terminal without a known size reports 0 × 0, as in `docker exec` or on a serial line.
    columns: output.columns || 80,
    rows: output.rows || 24,
    style: (format, text) => styleText(format, text, { stream: output }),
  };
}
