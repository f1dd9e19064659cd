import type { Connection } from "../../../../src/peer/index.ts";

/** Prints one line of JSON. */
export function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Prints what happens to the paths of a connection, and which one it takes after that. */
export async function tellPaths(connection: Connection, name: string): Promise<void> {
  const readyMs = performance.now();
  tell({ name, event: "ready", path: connection.path });
  for await (const change of connection.paths)
    tell({
      name,
      event: "path",
      ...change,
      path: connection.path,
      afterMs: Math.round(performance.now() - readyMs),
    });
  tell({ name, event: "closed" });
}
