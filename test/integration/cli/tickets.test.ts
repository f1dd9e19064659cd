import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Child } from "../harness/child.ts";
import { User } from "../harness/user.ts";

/** Somebody who accepts at a relay of its own, and the ticket that it shows. */
async function startAccepter(...args: string[]): Promise<{ accepter: Child; ticket: string; url: string }> {
  const user = new User();
  const { url } = await user.startRelay();
  const accepter = user.quicpipe("accept", "--relay", url, ...args);
  const [ticket] = await accepter.prints(/quicpipe1[a-z2-7]+(?=\n)/);
  return { accepter, ticket, url };
}

/** Somebody else, with nothing but the ticket. */
function dial(...args: string[]): Child {
  return new User().quicpipe("dial", ...args);
}

/** Ends both directions of a dialer, and reads what it got. */
async function finished(child: Child, input: string): Promise<[number | NodeJS.Signals, string]> {
  child.process.stdin.end(input);
  return [await child.exited, child.stdout()];
}

describe("quicpipe accept without arguments", () => {
  it("shows what the other side types, and is a pipe to it, once", async () => {
    const { accepter, ticket } = await startAccepter();
    expect(accepter.stderr()).toContain(`once within 10 min:\nquicpipe dial ${ticket}\n`);
    expect(accepter.stderr()).toContain("the relay in the ticket is 127.0.0.1, which is this machine");
    const sent = randomBytes(100_000).toString("base64");
    const dialer = dial(ticket);
    accepter.process.stdin.end("answer");
    expect([await finished(dialer, sent), dialer.stderr()]).toEqual([
      [0, "answer"],
      expect.stringMatching(/^quicpipe: dialing accept-\w+ at https:.*\nquicpipe: connected to accept-\w+ /),
    ]);
    expect([await accepter.exited, accepter.stdout() === sent]).toEqual([0, true]);
    const again = dial(ticket);
    expect(await finished(again, "")).toEqual([1, ""]);
    expect(again.stderr()).toContain("ERR_QUICPIPE_INVITATION_ENDED");
  });

  it("leaves the ticket out of all that the dialer prints, and makes no identity for it", async () => {
    const { ticket } = await startAccepter("--to", "127.0.0.1:1");
    for (const word of [ticket, ticket.slice(0, -1), `${ticket}a`, ticket.slice(0, 60)]) {
      const dialer = dial(word, "--timeout", "1");
      await finished(dialer, "");
      expect(dialer.stderr()).not.toContain(ticket.slice(9, 40));
      expect(dialer.stderr()).not.toContain("made an identity");
    }
  });

  it("has a name, a time and a number of uses that are given", async () => {
    const { accepter, ticket } = await startAccepter("--as", "bob", "--uses", "2", "--ttl", "60");
    expect(accepter.stderr()).toContain("up to 2 times within 1 min");
    for (const text of ["first ", "second"]) {
      const dialer = dial(ticket);
      expect(await finished(dialer, text)).toEqual([0, ""]);
      expect(dialer.stderr()).toContain("dialing bob at");
    }
    // One after the other, and its input is for neither.
    expect([await accepter.exited, accepter.stdout()]).toEqual([0, "first second"]);
    expect(accepter.stderr().match(/ has left/g)).toHaveLength(2);
  });

  it("goes on with --keep: another ticket follows the one that is used up", async () => {
    const { accepter, ticket } = await startAccepter("--keep");
    expect(await finished(dial(ticket), "first ")).toEqual([0, ""]);
    const tickets = (): string[] => accepter.stderr().match(/quicpipe1[a-z2-7]+(?=\n)/g) ?? [];
    await expect.poll(() => tickets().length).toBe(2);
    expect(await finished(dial(tickets()[1]!), "second")).toEqual([0, ""]);
    await expect.poll(() => accepter.stdout()).toBe("first second");
    accepter.process.kill("SIGTERM");
    expect(await accepter.exited).toBe(143);
  });

  it("ends when nobody has dialed in time", async () => {
    const { accepter } = await startAccepter("--ttl", "10");
    expect(await accepter.exited).toBe(1);
    expect(accepter.stderr()).toContain("nobody has dialed the ticket within 10 s");
  });

  it("outlives a dialer that is killed, with --keep", async () => {
    const { accepter, ticket } = await startAccepter("--keep", "--uses", "2");
    const killed = dial(ticket);
    killed.process.stdin.write("half ");
    await accepter.prints(/half/);
    killed.process.kill("SIGTERM");
    await killed.exited;
    await accepter.prints(/is gone: /);
    expect(await finished(dial(ticket), "whole")).toEqual([0, ""]);
    await expect.poll(() => accepter.stdout()).toBe("half whole");
  });
});

describe("quicpipe accept --keep with a pin", () => {
  it("takes one dialer after the other, and no ticket is made", async () => {
    const { accept, dial: dialBob } = await new User().pair();
    const accepter = await accept("--keep");
    for (const text of ["first ", "second"]) expect(await finished(dialBob(), text)).toEqual([0, ""]);
    await expect.poll(() => accepter.stdout()).toBe("first second");
    expect(accepter.stderr()).not.toContain("quicpipe1");
    accepter.process.kill("SIGINT");
    expect(await accepter.exited).toBe(130);
  });
});

describe("quicpipe dial -", () => {
  it("reads the ticket from the first line of its input, and sends the rest", async () => {
    for (const [end, text] of [
      ["\n", "second line\nthird"],
      ["\r\n", ""],
    ] as const) {
      const { accepter, ticket } = await startAccepter();
      accepter.process.stdin.end();
      const dialer = dial("-");
      expect((await finished(dialer, `${ticket}${end}${text}`))[0]).toBe(0);
      expect([await accepter.exited, accepter.stdout()]).toEqual([0, text]);
    }
  });

  it("takes a ticket that comes in pieces, and what is typed later", async () => {
    const { accepter, ticket } = await startAccepter();
    accepter.process.stdin.end();
    const dialer = dial("-");
    dialer.process.stdin.write(ticket.slice(0, 100));
    dialer.process.stdin.write(`${ticket.slice(100)}\nearly `);
    await accepter.prints(/early/);
    expect((await finished(dialer, "late"))[0]).toBe(0);
    expect([await accepter.exited, accepter.stdout()]).toEqual([0, "early late"]);
  });

  it.each([
    ["", "it is empty"],
    ["\n", "it does not begin with quicpipe1"],
    ["x".repeat(5000), "longer than any ticket"],
    ["bob\n", "it does not begin with quicpipe1"],
  ])("refuses %j", async (input, why) => {
    const dialer = dial("-");
    expect(await finished(dialer, input)).toEqual([1, ""]);
    expect(dialer.stderr()).toContain(why);
    expect(dialer.stderr()).toContain("ERR_QUICPIPE_TICKET_INVALID");
  });
});

describe("options beside a ticket", () => {
  const word = `quicpipe1${"a".repeat(40)}`;

  it.each([
    ["--relay", "https://127.0.0.1:1"],
    ["--relay=https://127.0.0.1:1"],
    ["--as", "alice"],
    ["--pin", "sha256/x"],
    ["--insecure"],
    ["--token-file", "/x"],
  ])("are refused if the ticket has them itself: %s", async (...args) => {
    for (const from of [word, "-"]) {
      const { status, stderr } = await new User().run("dial", from, ...args);
      expect([status, stderr]).toEqual([2, expect.stringContaining("has no effect beside a ticket")]);
    }
  });

  it.each([
    ["--uses", "2"],
    ["--ttl", "60"],
  ])("are refused without one: %s", async (...args) => {
    const { status, stderr } = await new User().run("accept", "--insecure", ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${args[0]} is for a ticket`)]);
  });

  it.each([
    ["--uses", "0"],
    ["--uses", "17"],
    ["--ttl", "9"],
    ["--ttl", "86401"],
  ])("are refused out of range: %s %s", async (...args) => {
    const { status, stderr } = await new User().run("accept", ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${args[0]} is "${args[1]}"`)]);
  });

  it("leave a token of this user out of it", async () => {
    const { accepter, ticket } = await startAccepter();
    accepter.process.stdin.end();
    const user = new User();
    user.env["QUICPIPE_TOKEN"] = "not a token";
    const dialer = user.quicpipe("dial", ticket);
    expect((await finished(dialer, "hello"))[0]).toBe(0);
    expect(await accepter.exited).toBe(0);
  });
});
