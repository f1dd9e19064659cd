import { bodyBlockBytes, bodyBlockOverheadBytes } from "../../defaults/index.ts";

/** Part of a body. */
interface Block {
  readonly bytes: Uint8Array;
  /** Bytes at its beginning that have arrived. */
  length: number;
}

/** The bytes of a body that wait for the app, in order. Small pieces are joined in blocks. */
export class BodyBlocks {
  readonly #blocks: Block[] = [];
  #costBytes = 0;

  /** Memory that counts for them, in bytes: that of the blocks, and an overhead for each. */
  get costBytes(): number {
    return this.#costBytes;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** Whether the next block takes no more bytes. */
  get hasFullBlock(): boolean {
    const [first] = this.#blocks;
    return first !== undefined && (this.#blocks.length > 1 || roomIn(first) === 0);
  }

  /**
   * Returns the memory that {@link add} would take, in bytes.
   *
   * @param expectedBytes of the body from this piece on; `Infinity` if unknown.
   */
  growthWith(piece: Uint8Array, expectedBytes: number): number {
    const joined = this.#joinedBytes(piece);
    if (joined === piece.length) return 0;
    return blockBytes(piece.length - joined, expectedBytes - joined) + bodyBlockOverheadBytes;
  }

  /** Copies a piece. */
  add(piece: Uint8Array, expectedBytes: number): void {
    const joined = this.#joinedBytes(piece);
    if (joined > 0) append(this.#blocks.at(-1)!, piece.subarray(0, joined));
    if (joined === piece.length) return;
    const rest = piece.subarray(joined);
    const block = blockOf(rest, blockBytes(rest.length, expectedBytes - joined));
    this.#blocks.push(block);
    this.#costBytes += costOf(block);
  }

  /** Removes the next block. Returns its bytes in memory of their own, and the memory that counted for it. */
  take(): { readonly bytes: Uint8Array; readonly costBytes: number } | undefined {
    const block = this.#blocks.shift();
    if (!block) return undefined;
    const costBytes = costOf(block);
    this.#costBytes -= costBytes;
    return { bytes: roomIn(block) === 0 ? block.bytes : block.bytes.slice(0, block.length), costBytes };
  }

  /** Removes all blocks. */
  clear(): void {
    this.#blocks.length = 0;
    this.#costBytes = 0;
  }

  #joinedBytes(piece: Uint8Array): number {
    const last = this.#blocks.at(-1);
    return last ? Math.min(roomIn(last), piece.length) : 0;
  }
}

function blockOf(piece: Uint8Array, size: number): Block {
  // Copied at once, without zeros first.
  if (piece.length === size) return { bytes: new Uint8Array(piece), length: size };
  const block = { bytes: new Uint8Array(size), length: 0 };
  append(block, piece);
  return block;
}

function append(block: Block, bytes: Uint8Array): void {
  block.bytes.set(bytes, block.length);
  block.length += bytes.length;
}

function roomIn({ bytes, length }: Block): number {
  return bytes.length - length;
}

function costOf({ bytes }: Block): number {
  return bytes.length + bodyBlockOverheadBytes;
}

/** A block has no room for more than the body has. */
function blockBytes(pieceBytes: number, expectedBytes: number): number {
  return Math.max(pieceBytes, Math.min(bodyBlockBytes, expectedBytes));
}
