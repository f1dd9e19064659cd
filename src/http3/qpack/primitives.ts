/** Continuation bytes of a 62-bit integer, the longest that QPACK needs (RFC 9204 §4.1.1). */
const maxContinuationBytes = 9;

/**
 * Parses an integer that begins in the low `bits` of the byte at `at` (RFC 7541 §5.1); `undefined` if it is truncated or longer
 * than 62 bits need. Values past 2⁵³ are inexact, but exceed anything they count.
 */
export function parsePrefixed(
  bytes: Uint8Array,
  at: number,
  bits: number,
): { value: number; end: number } | undefined {
  if (at >= bytes.length) return undefined;
  const most = (1 << bits) - 1;
  let value = bytes[at]! & most;
  if (value < most) return { value, end: at + 1 };
  const stop = Math.min(bytes.length, at + 1 + maxContinuationBytes);
  for (let i = at + 1, weight = 1; i < stop; i++, weight *= 128) {
    value += (bytes[i]! & 127) * weight;
    if (bytes[i]! < 128) return { value, end: i + 1 };
  }
  return undefined;
}

/**
 * Encodes an integer below 2³¹ into the low `bits` of a byte, whose other bits are `flags`, and the bytes after it. The result
 * is Latin-1, like the text that follows it.
 */
export function encodePrefixed(flags: number, bits: number, value: number): string {
  const most = (1 << bits) - 1;
  if (value < most) return String.fromCharCode(flags | value);
  let text = String.fromCharCode(flags | most);
  let rest = value - most;
  for (; rest >= 128; rest >>= 7) text += String.fromCharCode((rest & 127) | 128);
  return text + String.fromCharCode(rest);
}

/**
 * Lengths in bits of each byte's code (RFC 7541, appendix B), and of EOS. The code is canonical: shorter codes come first, and
 * among equal lengths the lower symbol. The lengths therefore define it.
 */
const codeBits = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const endOfString = 256;

/** Children of the nodes by their next bit: another node, or the complement of a symbol. */
type Tree = Int16Array;

function growTree(): Tree {
  // A tree of 257 leaves has 256 nodes. Node 0 is the root, so a child of 0 means "not there yet".
  const tree = new Int16Array(512);
  let nodes = 1;
  let code = 0;
  let bits = 0;
  for (const symbol of [...codeBits.keys()].sort((a, b) => codeBits[a]! - codeBits[b]! || a - b)) {
    code *= 2 ** (codeBits[symbol]! - bits);
    bits = codeBits[symbol]!;
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const branch = node * 2 + ((code >>> bit) & 1);
      node = tree[branch] ||= nodes++;
    }
    tree[node * 2 + (code & 1)] = ~symbol;
    code++;
  }
  return tree;
}

/** Symbol of a step in which no symbol ends. */
const noSymbol = 0x1ff;
/** A step that leads to EOS, which must not occur (RFC 7541 §5.2). */
const broken = -1;

/**
 * Steps of four bits, by node and bits: the next node above a symbol of nine bits. No code is shorter than five bits, so a step
 * ends one symbol at most.
 */
function growSteps(tree: Tree): Int32Array {
  const steps = new Int32Array(tree.length * 8);
  for (let at = 0; at < steps.length; at++) steps[at] = stepOf(tree, at >> 4, at & 15);
  return steps;
}

function stepOf(tree: Tree, from: number, bits: number): number {
  let node = from;
  let symbol = noSymbol;
  for (let bit = 3; bit >= 0; bit--) {
    node = tree[node * 2 + ((bits >> bit) & 1)]!;
    if (node >= 0) continue;
    symbol = ~node;
    if (symbol === endOfString) return broken;
    node = 0;
  }
  return (node << 9) | symbol;
}

/** Nodes where a string may end. Padding is less than a byte of the first bits of EOS, which are ones (RFC 7541 §5.2). */
function endsOf(tree: Tree): ReadonlySet<number> {
  const ends = new Set([0]);
  for (let node = 0, bits = 1; bits < 8; bits++) ends.add((node = tree[node * 2 + 1]!));
  return ends;
}

const tree: Tree = growTree();
const steps: Int32Array = growSteps(tree);
const ends: ReadonlySet<number> = endsOf(tree);

/** Decodes a Huffman-coded string (RFC 7541 §5.2) to at most 8/5 of its length; `undefined` if it is not valid. */
export function decodeHuffman(bytes: Uint8Array): Buffer | undefined {
  const text = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let length = 0;
  let node = 0;
  for (let i = 0; i < bytes.length * 2; i++) {
    const byte = bytes[i >> 1]!;
    const step = steps[(node << 4) | (i & 1 ? byte & 15 : byte >> 4)]!;
    if (step === broken) return undefined;
    node = step >> 9;
    if ((step & noSymbol) !== noSymbol) text[length++] = step & noSymbol;
  }
  return ends.has(node) ? text.subarray(0, length) : undefined;
}
