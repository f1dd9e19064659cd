import { maxSendQueueBytes } from "../../defaults/index.ts";

/** Datagrams between two looks at the queue, and the most by which it exceeds its limit. */
const lookInterval = 16;

/**
 * Reports before each datagram whether the socket's send queue is over its limit (`defaults.maxSendQueueBytes`), so that
 * datagrams that the system does not take are dropped, not kept. It looks at every sixteenth datagram only: looking at each
 * costs a hundredth of the packet rate, and the queue is empty unless the socket buffer is full.
 *
 * @param queuedBytes the length of the queue, in bytes.
 */
export function createSendQueueGate(queuedBytes: () => number): () => boolean {
  let datagrams = 0;
  let isFull = false;
  return () => {
    if (datagrams++ % lookInterval === 0) isFull = queuedBytes() > maxSendQueueBytes;
    return isFull;
  };
}
