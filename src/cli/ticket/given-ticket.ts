import type { Readable } from "node:stream";
import { QuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";
import { isTicket, maxTicketLength } from "../../peer/ticket/index.ts";

/** The word that stands for a ticket on standard input. */
const fromInput = "-";

/** Options that a ticket takes the place of. */
const replaced: readonly string[] = ["relay", "relay-ca", "token-file", "as", "pin", "insecure"];

/**
 * Returns the ticket that a word is or stands for; `undefined` if it is the name of a peer. What follows the ticket's line on the input
 * stays there.
 *
 * @param rawArgs the words of the command line, to tell which options were given.
 * @throws ERR_QUICPIPE_OPTION_INVALID if there are options beside a ticket that it has itself.
 * @throws ERR_QUICPIPE_TICKET_INVALID if the input has no line that is short enough.
 */
export async function givenTicket(
  word: string,
  rawArgs: readonly string[],
  input: Readable,
): Promise<string | undefined> {
  if (word !== fromInput && !isTicket(word)) return undefined;
  const given = replaced.find((name) =>
    rawArgs.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`)),
  );
  if (given !== undefined)
    throw optionError(
      `--${given}`,
      `--${given} has no effect beside a ticket, which says it all: leave it out`,
    );
  return word === fromInput ? await readLine(input) : word;
}

/** Reads one line, without white space around it. The rest is read by whoever comes next. */
async function readLine(input: Readable): Promise<string> {
  let read = Buffer.alloc(0);
  for await (const chunk of input.iterator({ destroyOnReturn: false })) {
    read = Buffer.concat([read, chunk as Buffer]);
    const end = read.indexOf("\n");
    if (end === -1 && read.length <= maxTicketLength + 2) continue;
    if (end === -1) throw noTicket("its first line is longer than any ticket");
    if (end + 1 < read.length) input.unshift(read.subarray(end + 1));
    return read.toString("latin1", 0, end).trim();
  }
  if (read.length > 0) return read.toString("latin1").trim();
  throw noTicket("it is empty");
}

function noTicket(why: string): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_TICKET_INVALID",
    `there is no ticket on standard input: ${why}; give the ticket as its first line`,
    { details: { why } },
  );
}
