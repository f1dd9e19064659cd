import { describe, expect, it, onTestFinished } from "vitest";
import { searchSockets } from "../../../../../src/defaults/index.ts";
import { loadEngine } from "../../../../../src/peer/engine/engine.ts";
import type { CandidateList, ControlMessage } from "../../../../../src/peer/path/control/messages.ts";
import { BirthdaySearch } from "../../../../../src/peer/path/searching/birthday.ts";
import { createCheckLimit } from "../../../../../src/peer/path/seeking/checklist.ts";
import type { CheckOwner } from "../../../../../src/peer/path/seeking/checks.ts";
import { SearchGate } from "../../../../../src/peer/path/searching/gate.ts";
import { PeerSocket } from "../../../../../src/peer/socket.ts";
import type { Address } from "../../../../../src/wire/address.ts";
import { watchPorts } from "../../../harness/udp-peer.ts";

const loopback = "127.0.0.1";
const [opener, check] = [Buffer.from("opener"), Buffer.from("check")];

describe("the side whose NAT chooses ports at random", () => {
  it("opens 256 sockets, invites the other one, and has the peer's socket send from the port that was found", async () => {
    const { socket, at, ports } = await watchPorts();
    const relay = { address: loopback, port: 9 };
    const own = await PeerSocket.bind({ host: loopback, port: 0, relay }, loadEngine());
    onTestFinished(() => own.close());
    const said: ControlMessage[] = [];
    const [received, asked]: [string[], Address[]] = [[], []];
    const theirs: CandidateList = {
      type: "candidates",
      generation: 1,
      candidates: [{ kind: "reflexive", address: at }],
      nat: { kind: "endpoint-independent" },
    };
    const search = new BirthdaySearch({
      gate: new SearchGate(),
      limit: createCheckLimit(performance.now()),
      socket: own,
      owner: { permits: () => true } as unknown as CheckOwner,
      control: { send: (message) => void said.push(message) },
      nat: { report: { kind: "random" } },
      isWanted: () => true,
      theirs: () => theirs,
      onOver: () => undefined,
      checks: {
        make: () => opener,
        isCheckOf: (_owner, datagram) => check.equals(datagram),
        receive: (datagram) => void received.push(String(datagram)),
        send: (_owner, to) => void asked.push(to),
      },
    });
    onTestFinished(() => search.reset());
    expect(search.begin(0)).toBe(true);
    await expect.poll(() => said).toEqual([{ type: "punch", round: 0, mode: "search" }]);
    await expect.poll(() => new Set(ports).size).toBe(searchSockets);
    expect([search.begin(1), received]).toEqual([true, []]);
    const [port] = ports;
    socket.send(check, port, loopback);
    await expect.poll(() => [received, asked]).toEqual([["check"], [at]]);
    ports.length = 0;
    own.send(Buffer.of(1), at);
    search.reset();
    own.send(Buffer.of(1), at);
    await expect.poll(() => ports).toEqual([port, own.local.port]);
  });
});
