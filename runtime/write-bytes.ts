/** Longer texts are quicker in a call of Buffer.write. */
const MAX_SHORT_TEXT = 40;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Buffer.readBigInt64LE computes with BigInts, which takes longer. */
export function readInt64(bytes: Uint8Array, at: number): bigint {
  for (let index = 0; index < 8; index += 1) scratchBytes[index] = bytes[at + index]!;
  return scratch.getBigInt64(0, true);
}

/** The number of bytes of a text in UTF-8. A call of Buffer takes longer than a loop over a short text in ASCII. */
export function textSize(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text);
}

/** Writes a text in UTF-8 into a buffer that has room for it. Returns the position after it. */
export function writeText(text: string, bytes: Buffer, at: number): number {
  if (!isShortAscii(text)) return at + bytes.write(text, at);
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

function isShortAscii(text: string): boolean {
  if (text.length > MAX_SHORT_TEXT) return false;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}
