/** Prints the port of a forwarder that is ready. Exits when the harness closes standard input. */
export function serveUntilEnd(port: number): void {
  process.stdout.write(`${port}\n`);
  process.stdin.on("end", () => process.exit()).resume();
}
