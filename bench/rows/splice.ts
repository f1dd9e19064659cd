import { alternate } from "../rig/alternate.ts";
import { startChild } from "../rig/machine/child.ts";
import { shareFile } from "../rig/workload.ts";
import { nodeCommand } from "../rig/native/program.ts";
import { needsNative } from "../rig/requirement.ts";
import type { Row } from "../row.ts";
import { summarise } from "../summary.ts";

const name = "splice/http3-download";

/** Speed of the app's HTTP/3 server behind the relay. */
export const spliceRow: Row = needsNative({
  name,
  about: "an HTTP/3 download through the native backend, against the same server reached directly",
  async run({ effort, progress }) {
    await using stack = new AsyncDisposableStack();
    const gateway = startChild(nodeCommand("subjects/gateway.ts", "native"));
    stack.defer(gateway.stop);
    const { direct, relayed, certificate } = JSON.parse(await gateway.hear());
    const { path } = stack.use(shareFile(certificate));
    const client = startChild(nodeCommand("rig/http3/download.ts", path));
    stack.defer(client.stop);
    const ports = { control: direct, subject: relayed };
    const rounds = await alternate(effort, progress, "MB/s", async (side) => {
      const ms = Number(await client.ask(`${ports[side]} ${effort.downloadBytes}`));
      return effort.downloadBytes / ms / 1000;
    });
    return { name, unit: "MB/s", ...summarise("direct", rounds) };
  },
});
