/** The routes of messages once more, on a store that answers late, as one in another process would. */
import { setTimeout as delay } from "node:timers/promises";
import type { Mailbox, MailboxOptions } from "../../../../src/plugin/mailbox/mailbox.ts";
import { openMemoryMailbox } from "../../../../src/plugin/mailbox/memory.ts";
import { useMailbox } from "../../harness/relay.ts";

/** Time that a call, its answer, or word of a change is under way. */
const wayMs = 20;

useMailbox(openLateMailbox);
await import("./routes.test.ts");

/** Opens a mailbox in memory, but late, and lets time pass before and after each of its calls. */
async function openLateMailbox(options: MailboxOptions): Promise<Mailbox> {
  await delay(wayMs);
  const mailbox = await openMemoryMailbox(options);
  return new Proxy(mailbox, {
    get: (_, name: keyof Mailbox) => (name === "watch" ? lateWatch(mailbox) : late(mailbox, name)),
  });
}

type Call = (...args: unknown[]) => Promise<unknown>;

/** Returns a method that is late; `undefined` for any other name, as `await` looks for `then`. */
function late(mailbox: Mailbox, name: Exclude<keyof Mailbox, "watch">): Call | undefined {
  const call = mailbox[name]?.bind(mailbox) as Call | undefined;
  return (
    call &&
    (async (...args) => {
      await delay(wayMs);
      return await call(...args).finally(() => delay(wayMs));
    })
  );
}

function lateWatch(mailbox: Mailbox): Mailbox["watch"] {
  return (recipient, onChange) => {
    const watching = new AbortController();
    const unwatch = mailbox.watch(recipient, async () => {
      await delay(wayMs);
      if (!watching.signal.aborted) onChange();
    });
    return () => {
      watching.abort();
      unwatch();
    };
  };
}
