import type { Connection } from "../../peer/index.ts";
import { PathLines } from "./path-lines.ts";
import { sayBeside } from "./progress.ts";

/** Tells on stderr which paths a connection takes and why, until it ends. */
export async function tellPaths(connection: Connection): Promise<void> {
  const startedMs = performance.now();
  const lines = new PathLines(connection.path);
  say(lines.first);
  for await (const event of connection.paths)
    say(lines.lineFor(event, connection.path, performance.now() - startedMs));
}

function say(line: string | undefined): void {
  if (line !== undefined) sayBeside(line);
}
