import type { AddonConnection } from "./addon.ts";
import type { EngineEnd, EngineListener, StreamKind } from "./contract.ts";

type Tell = (listener: EngineListener, subject: number, detail: number) => void;

/** By the numbers that the addon gives events (`numbers` in `native/src/node/events.rs`). */
const tells: readonly Tell[] = [
  (listener) => listener.onEstablished(),
  (listener) => listener.onConfirmed(),
  (listener) => listener.onPresented(),
  (listener) => listener.onEnded(),
  (listener) => listener.onStalled(),
  (listener, direction) => listener.onOpened(kindOf(direction)),
  (listener, id) => listener.onReadable(id),
  (listener, id) => listener.onWritable(id),
  // The end of a stream has been acknowledged. Its writer has been told so when the engine took it.
  () => undefined,
  (listener, id, errorCode) => listener.onStopped(id, errorCode),
  (listener, direction) => listener.onAllowed(kindOf(direction)),
  (listener) => listener.onDatagrams(),
  (listener) => listener.onDatagrams(),
  (listener) => listener.onCidsRunLow(),
  (listener, id) => listener.onPath?.({ kind: "opened", id }),
  (listener, id, by) => listener.onPath?.({ kind: "closed", id, by: closers[by]! }),
  (listener, id, isBackup) => listener.onPath?.({ kind: "preferred", id, isBackup: isBackup === 1 }),
  (listener, id) => listener.onPath?.({ kind: "stalled", id }),
];

/** In the order of `EndedBy` in `native/src/quic/events.rs`. */
const closers: readonly EngineEnd["by"][] = ["this", "other", "silence"];

function kindOf(direction: number): StreamKind {
  return direction === 0 ? "bidirectional" : "unidirectional";
}

const columns = 3;
const rowsPerCall = 32;

/** Rows for the next call. A listener may call back into the engine, and so into {@link tell}, which then makes others. */
let spare: Float64Array | undefined;

/** Tells a listener all that has happened to a connection. */
export function tell(connection: AddonConnection, listener: EngineListener): void {
  const rows = spare ?? new Float64Array(rowsPerCall * columns);
  spare = undefined;
  try {
    while (tellRows(rows, connection.poll(rows), listener) === rowsPerCall);
  } finally {
    spare = rows;
  }
}

function tellRows(rows: Float64Array, count: number, listener: EngineListener): number {
  for (let at = 0; at < count * columns; at += columns)
    tells[rows[at]!]!(listener, rows[at + 1]!, rows[at + 2]!);
  return count;
}
