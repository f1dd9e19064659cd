import { type CommandDef, defineCommand } from "citty";
import { relayArgs } from "../relay/args.ts";
import { checkRelay } from "../relay/check.ts";
import { type GivenArgs, withEnvironment } from "../relay/environment.ts";
import { asGiven } from "../relay/given-option.ts";
import { requireRelayPackages } from "../relay/packages.ts";
import { configOf, RunningRelay } from "../relay/running.ts";
import { hasTerminal, relaySignals } from "../relay/signals.ts";

/** `quicpipe relay`: a gateway whose only app is the relay. */
export const relay = defineCommand({
  meta: {
    name: "relay",
    description: "Run a relay with an HTTP/3 server of its own; Ctrl-C ends it",
  },
  args: relayArgs,
  async run({ args }) {
    const given = withEnvironment(args, process.env);
    try {
      return given.args.check ? await checkRelay(given) : await runRelay(given);
    } catch (error) {
      throw asGiven(error, given);
    }
  },
}) as CommandDef;

/** Runs a relay until a signal ends it. */
async function runRelay(given: GivenArgs): Promise<void> {
  const signals = relaySignals(hasTerminal());
  const config = configOf(given);
  requireRelayPackages();
  // Loaded on demand, so that the peer commands run where it is not installed.
  const { H3 } = await import("h3");
  const app = new H3().get("/", () => "This is a quicpipe relay.\n");
  const running = await RunningRelay.start(app, config, given);
  signals.onReload(() => void running.reload());
  await signals.ended;
  await running.end();
}
