import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { QuicpipeError } from "../../src/errors.ts";

/** What to start. */
export interface Script {
  readonly url: URL;
  readonly args: readonly string[];
}

/** A child process that answers one message with one message. */
export interface Child<Question, Answer> {
  /** The next message, for one that speaks first. */
  readonly hear: () => Promise<Answer>;
  readonly ask: (question: Question) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

/** Starts a script of the benchmark as a process of its own. The caller stops it. */
export function startChild<Question, Answer>({ url, args }: Script): Child<Question, Answer> {
  const child: ChildProcess = fork(url, args, { serialization: "advanced" });
  const exited = once(child, "exit");
  async function hear(): Promise<Answer> {
    const died = exited.then(([code]) => {
      throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `${url.pathname} ended early (${code})`);
    });
    const [message] = await Promise.race([once(child, "message"), died]);
    return message;
  }
  return {
    hear,
    ask: async (question) => {
      const answer = hear();
      child.send(question as object);
      return await answer;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
