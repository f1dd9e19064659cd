import { cpuNsOf } from "../rig/machine/cpu.ts";
import { alternate } from "../rig/alternate.ts";
import { type Child, startChild } from "../rig/machine/child.ts";
import { nodeCommand } from "../rig/native/program.ts";
import { needsNative } from "../rig/requirement.ts";
import { signToken } from "../rig/token.ts";
import { shareFile } from "../rig/workload.ts";
import type { Row } from "../row.ts";
import { summarise } from "../summary.ts";

/** What a side does in a round: an action of `rig/http3/requests.ts` so many times, with so many IDs, on so many connections. */
interface Load {
  readonly action: "register" | "plain" | "message" | "plain-message";
  readonly times: number;
  readonly ids: number;
  readonly connections: number;
}

const senders = Array.from({ length: 100 }, (_, n) => n);

/** Returns a row that compares what the relay's process spends on an action with what it spends on another. */
function controlRow(
  name: string,
  about: string,
  controlName: string,
  sides: Readonly<Record<"control" | "subject", Load>>,
): Row {
  return needsNative({
    name,
    about,
    async run({ effort, progress }) {
      await using stack = new AsyncDisposableStack();
      const start = (...command: Parameters<typeof nodeCommand>): Child => {
        const child = startChild(nodeCommand(...command));
        stack.defer(child.stop);
        return child;
      };
      const server = start("subjects/control.ts");
      const { port, certificate, secret } = JSON.parse(await server.hear());
      const tokens = await Promise.all(
        senders.map((n) => signToken(secret, n === 0 ? "bench" : `bench-${n}`)),
      );
      const [ca, list] = [certificate, tokens.join("\n")].map((text) => stack.use(shareFile(text)));
      const client = start("rig/http3/requests.ts", port, ca!.path, list!.path);
      await client.hear();
      const rounds = await alternate(effort, progress, "µs", async (side) => {
        const { action, times, ids, connections } = sides[side];
        const spentNs = cpuNsOf(server.pid);
        await client.ask(`${action} ${times} ${ids} ${connections}`);
        return (cpuNsOf(server.pid) - spentNs) / times / 1000;
      });
      return { name, unit: "µs", ...summarise(controlName, rounds) };
    },
  });
}

/** As few as the places of one address have room for in all rounds. */
const handshakes = { times: 10, connections: 10 };
const kept = { times: 100, connections: 1 };

/** What the relay's routes cost, of plain ones on the same server. */
export const controlRows: readonly Row[] = [
  controlRow(
    "control/register",
    "a relay's time for an HTTP/3 handshake and a registration of 32 IDs, against a plain JSON route's",
    "plain route",
    {
      control: { action: "plain", ids: 32, ...handshakes },
      subject: { action: "register", ids: 32, ...handshakes },
    },
  ),
  controlRow(
    "control/register-256",
    "a relay's time for a registration of 256 IDs, against one of 1",
    "1 ID",
    {
      control: { action: "register", ids: 1, ...kept },
      subject: { action: "register", ids: 256, ...kept },
    },
  ),
  controlRow(
    "control/mailbox",
    "a relay's time for a message that is sent and taken, against two requests to a plain JSON route",
    "plain route",
    {
      control: { action: "plain-message", ids: 0, ...kept },
      subject: { action: "message", ids: 0, ...kept },
    },
  ),
];
