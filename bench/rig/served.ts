/** Tells the harness the port of a forwarder that is ready, and ends the process when the harness has gone. */
export function serveUntilEnd(port: number): void {
  process.stdout.write(`${port}\n`);
  process.stdin.on("end", () => process.exit()).resume();
}
