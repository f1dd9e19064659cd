/** The README's lines as a newcomer types them, outside of the project and with an empty home. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Child } from "../harness/child.ts";
import { Namespace } from "../harness/network/namespaces.ts";
import { itWith } from "../harness/requirement.ts";
import { Newcomer, packOnce, readmeLines } from "./packed.ts";

packOnce();

const installs = readmeLines("Install");
const commands = readmeLines("The command line");

/** The one line that has this text. */
function line(lines: readonly string[], text: string): string {
  const found = lines.filter((each) => each.includes(text));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** A machine with a relay and peers that two projects of one newcomer have installed; its ports are the README's. */
class Machine {
  readonly #network = new Namespace("newcomer");
  readonly #home = new Newcomer();

  /** Runs a line of the README in a shell of a project. */
  start(command: string, { folder, env }: Newcomer): Child {
    const home = { HOME: this.#home.home };
    return this.#network.start("sh", ["-c", `cd "$0" && exec ${command}`, folder], { ...env, ...home });
  }
}

describe("the README's install lines", () => {
  itWith(
    "registry",
    "native",
    "netns",
  )("give a relay, and peers that talk over it", async () => {
    const [server, user] = [new Newcomer(), new Newcomer()];
    await server.install(line(installs, "# a relay"));
    await user.install(line(installs, "# a peer, "));
    const machine = new Machine();
    const relay = machine.start(line(commands, "quicpipe relay "), server);
    await relay.prints(/relay on UDP .*, backend native \(the fastest here/);

    const accepter = machine.start(line(commands, "prints a ticket"), user);
    accepter.process.stdin.end();
    const [ticket] = await accepter.prints(/quicpipe1\w+/);
    const dial = line(commands, "quicpipe dial quicpipe1…").replace("quicpipe1…", ticket);
    const dialer = machine.start(`sh -c '${dial}'`, user);
    expect([await dialer.exited, dialer.stderr()]).toEqual([0, expect.any(String)]);
    expect([await accepter.exited, accepter.stdout()]).toEqual([0, "hello\n"]);

    const top = machine.start("quicpipe top --once", user);
    expect([await top.exited, top.stderr()]).toEqual([0, ""]);
    expect(top.stdout()).toMatch(/native/);
    const help = machine.start("npx quicpipe --help", user);
    expect([await help.exited, help.stdout()]).toEqual([0, expect.stringContaining("quicpipe")]);
  });

  itWith("registry")("name every program of the package that they run", async () => {
    const user = new Newcomer();
    await user.install(line(installs, "# a peer, "));
    const [, script] = /^node (\S+)/.exec(line(installs, "build-engine"))!;
    expect(existsSync(join(user.folder, script!))).toBe(true);
  });
});
