import { maxCids, maxRegistrations } from "../../src/defaults/index.ts";
import type { Target } from "./target.ts";
import type { Loop } from "./loop.ts";
import { compileXdp } from "./native/program.ts";

/** Returns the command that runs the relay's XDP program, with tables of the default size, or the control. */
export function xdpCommand(
  kind: "relay" | "reflector",
  { device, ends }: Loop,
  loadPort: number,
  cidsPath: string,
): string[] {
  const sizes = [maxCids, maxRegistrations].map(String);
  return [compileXdp(), kind, device, ends.relay, ends.client, String(loadPort), cidsPath, ...sizes];
}

/** Returns the relay's XDP program or the control as a target. */
export function program(kind: "relay" | "reflector", loop: Loop): Target {
  return {
    name: kind === "relay" ? "xdp" : kind,
    isProgram: true,
    command: ({ cids, sourcePort }) => xdpCommand(kind, loop, sourcePort, cids.path),
  };
}
