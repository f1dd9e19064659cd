import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { User } from "../harness/user.ts";

/** Runs a command with a module that is loaded before it. */
function startWith(hook: string, ...args: string[]): Child {
  const file = join(temporaryFolder(), "hook.mjs");
  writeFileSync(file, hook);
  const main = projectPath("src/cli/main.ts");
  return startChild(process.execPath, ["--import", file, main, ...args], { env: new User().env });
}

/** Prints the URL of each module of the project that is loaded, at the end. */
const countModules = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
process.on("exit", () => process.stderr.write(loaded.filter((url) => url.startsWith("file:")).join("\\n")));
`;

/** The modules that a command loads, as paths. */
async function modulesOf(...args: string[]): Promise<string[]> {
  const child = startWith(countModules, ...args);
  expect(await child.exited).toBe(0);
  return child
    .stderr()
    .split("\n")
    .filter((line) => line.startsWith("file:"));
}

it("loads a dozen modules to tell the version: the time to the answer is Node's own", async () => {
  const loaded = await modulesOf("--version");
  expect(loaded.some((url) => url.endsWith("/src/version.ts"))).toBe(true);
  expect(loaded.length).toBeLessThanOrEqual(16);
});

it("loads nothing of relay and peer to mint a token but what signs it", async () => {
  const loaded = await modulesOf("token", "--sub", "alice");
  for (const room of ["/src/peer/", "/src/gateway/", "/src/forwarder/", "/src/registry/"])
    expect(loaded.filter((url) => url.includes(room))).toEqual([]);
});

it("says in a line that it cannot be loaded", async () => {
  const hook = `
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "citty") throw Object.assign(new Error("citty: too many open files"), { code: "EMFILE" });
    return next(specifier, context);
  },
});`;
  const child = startWith(hook, "id");
  expect(await child.exited).toBe(1);
  expect(child.stderr()).toBe("quicpipe: it cannot be loaded: citty: too many open files\n");
});

it("ends with a line, and status 1, by a system's error that nobody expects", async () => {
  const hook = `
const fail = () => {
  if (process.listenerCount("SIGINT") === 0) return;
  throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", syscall: "read" });
};
setInterval(fail, 20).unref();`;
  const child = startWith(hook, "accept", "--insecure", "--as", "bob", "--relay", "https://127.0.0.1:9");
  expect(await child.exited).toBe(1);
  expect(child.stderr()).toMatch(/^quicpipe: EIO: i\/o error, read$/m);
  expect(child.stderr()).not.toMatch(/^\s+at /m);
});
