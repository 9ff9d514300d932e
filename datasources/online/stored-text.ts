import type { ByteWriter } from '../../runtime/byte-writer.js';
import { readInt64 } from '../../runtime/write-bytes.js';
import { clientText, doubleText } from '../../values/client-text.js';
import type { ValueType } from '../../values/value-type.js';
import { decodeValue, TAG } from './value-codec.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/**
 * Writes the JSON of a stored value for clients. Returns whether it has a value. Values of the types of most features go from
 * bytes to bytes: a text for each of them was a fifth of a large read.
 */
export function writeStoredText(
  valueType: ValueType,
  bytes: Buffer,
  start: number,
  end: number,
  to: ByteWriter,
): boolean {
  switch (bytes[start]) {
    case TAG.NULL:
      return false;
    case TAG.FALSE:
    case TAG.TRUE:
      if (valueType !== 'BOOL') break;
      to.text(bytes[start] === TAG.TRUE ? 'true' : 'false');
      return true;
    case TAG.DOUBLE:
      if (valueType !== 'DOUBLE') break;
      to.text(doubleText(bytes.readDoubleLE(start + 1)));
      return true;
    case TAG.INT64:
      if (valueType !== 'INT64') break;
      to.uint8(QUOTE);
      to.text(int64Text(bytes, start + 1));
      to.uint8(QUOTE);
      return true;
    case TAG.STRING:
      if (valueType !== 'STRING' || hasEscapes(bytes, start + 1, end)) break;
      to.uint8(QUOTE);
      to.bytes(bytes, start + 1, end);
      to.uint8(QUOTE);
      return true;
  }
  to.text(clientText(valueType, decodeValue(bytes, start, end)!));
  return true;
}

/** Whether JSON writes a byte of a stored string as an escape. The string is valid UTF-8, which JSON has as it is. */
function hasEscapes(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < FIRST_PRINTABLE || byte === QUOTE || byte === BACKSLASH) return true;
  }
  return false;
}

/** Above this, the high half of an integer makes it more than a number holds exactly. */
const MAX_SAFE_HIGH = 2 ** 21;

/** The digits of a signed 64-bit integer. */
function int64Text(bytes: Buffer, at: number): string {
  const high = bytes.readInt32LE(at + 4);
  if (high >= MAX_SAFE_HIGH || high < -MAX_SAFE_HIGH) return String(readInt64(bytes, at));
  return String(high * 2 ** 32 + bytes.readUInt32LE(at));
}
