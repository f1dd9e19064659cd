import { projectPath, startChild, type Child } from "./child.ts";
import { temporaryFolder } from "./folder.ts";

/** The test runner turns colours off by these, as no user has them. */
const terminal = { TEST: "", CI: "", NO_COLOR: "", TERM: "xterm" };

/** A user of the command line with a state directory of its own. */
export class User {
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const folder = temporaryFolder();
    this.env = { XDG_STATE_HOME: folder, NODE_ENV: "", QUICPIPE_TOKEN: "", ...terminal };
  }

  quicpipe(...args: string[]): Child {
    return startChild(process.execPath, [projectPath("src/cli/main.ts"), ...args], { env: this.env });
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<{ status: number | NodeJS.Signals; stdout: string; stderr: string }> {
    const child = this.quicpipe(...args);
    child.process.stdin.end();
    return { status: await child.exited, stdout: child.stdout(), stderr: child.stderr() };
  }

  /** Two of the user's own: what `accept` and `dial` have in common. */
  async pair(): Promise<{
    accept: (...args: string[]) => Promise<Child>;
    dial: (as?: string, ...args: string[]) => Child;
    relay: Child;
  }> {
    const { url, child: relay } = await this.startRelay();
    const pin = (await this.run("id")).stdout.trim();
    const common = ["--relay", url, "--pin", pin];
    return {
      relay,
      accept: async (...args) => {
        const accepter = this.quicpipe("accept", ...common, "--as", "bob", ...args);
        await accepter.prints(/waiting for a peer/);
        return accepter;
      },
      dial: (as = "alice", ...args) => this.quicpipe("dial", "bob", ...common, "--as", as, ...args),
    };
  }

  /** Starts a relay on a free port and returns its URL. */
  async startRelay(): Promise<{ url: string; port: number; child: Child }> {
    const child = this.quicpipe("relay", "--host", "127.0.0.1", "--port", "0");
    const [, port] = await child.prints(/relay on UDP 127\.0\.0\.1:(\d+)/);
    return { url: `https://127.0.0.1:${port}`, port: Number(port), child };
  }
}
