import { randomInt } from "node:crypto";
import { leastGuessedPort, searchChecks } from "../../../defaults/index.ts";
import type { Address } from "../../../wire/address.ts";
import { takeSteps } from "./pace.ts";

/** What a {@link searchPorts} does with each port. */
export interface SearchParts {
  /** The IP address whose ports are searched. */
  readonly ip: string;
  readonly permits: (address: Address) => boolean;
  /** Sends a check, unless there are too many for now. Reports whether it did. */
  readonly send: (to: Address) => boolean;
  readonly onEnd: () => void;
}

/** Sends checks to 1024 random ports from 1024 on of an IP address, each once. Returns what ends it early. */
export function searchPorts({ ip, permits, send, onEnd }: SearchParts): () => void {
  const ports = randomPorts(searchChecks);
  const step = (): boolean => {
    const to = { address: ip, port: ports.at(-1)! };
    if (permits(to) && !send(to)) return false;
    ports.pop();
    return true;
  };
  return takeSteps(searchChecks, step, onEnd);
}

function randomPorts(count: number): number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(randomInt(leastGuessedPort, 65_536));
  return [...ports];
}
