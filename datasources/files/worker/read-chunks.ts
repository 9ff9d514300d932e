import { isUtf8 } from 'node:buffer';
import { close, constants, createReadStream, fstat, open } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { ScanLimits, TextFile } from './protocol.ts';
import { ScanFault } from './scan-fault.ts';
import { zstdFrames } from './zstd-frames.ts';

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

export interface ReadChunksOptions {
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding: string;
  readonly limits: ScanLimits;
  /** The line of the next byte, for messages. */
  readonly currentLine: () => number;
}

/** Yields the bytes of a text file, decompressed and in UTF-8, without a byte order mark. Throws ScanFault. */
export async function* readChunks(file: TextFile, options: ReadChunksOptions): AsyncGenerator<Uint8Array> {
  const decode = decoder(options);
  let isFirst = true;
  try {
    for await (const chunk of await openBytes(file, options.limits)) {
      const bytes = chunk as Buffer;
      if (isFirst) refuseOtherEncodings(bytes, options.encoding);
      isFirst = false;
      const decoded = decode(bytes, false);
      if (decoded.length > 0) yield decoded;
    }
  } catch (error) {
    throw toCompressionFault(error, file);
  }
  const last = decode(new Uint8Array(), true);
  if (last.length > 0) yield last;
}

/** Opens without blocking: opening a named pipe for reading would wait for a writer. */
async function openBytes(file: TextFile, limits: ScanLimits): Promise<Readable> {
  const fd = await promisify(open)(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await promisify(fstat)(fd);
  if (!stats.isFile()) {
    close(fd);
    throw new ScanFault(null, 'it is not a regular file');
  }
  const bytes = createReadStream('', { fd, highWaterMark: CHUNK_BYTES });
  if (file.compression === 'NONE') return bytes;
  const most = Math.max(limits.minExpandedBytes, stats.size * limits.maxExpansion);
  const limit = limited(most, limits.maxExpansion);
  // The error reaches the reader through the last stream.
  const expanded =
    file.compression === 'GZIP'
      ? pipeline(bytes, zlib.createGunzip({ chunkSize: CHUNK_BYTES }), limit, () => undefined)
      : pipeline(bytes, zstdFrames, zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES }), limit, () => undefined);
  return expanded as unknown as Readable;
}

function limited(most: number, factor: number): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* limit(source) {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > most) throw new ScanFault(null, `it expands to more than ${factor} times its size`);
      yield chunk;
    }
  };
}

function toCompressionFault(error: unknown, { compression }: TextFile): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(Z_|ZSTD_)/.test(code)) return error;
  const name = compression === 'GZIP' ? 'gzip' : 'Zstandard';
  if (code === 'Z_BUF_ERROR') return new ScanFault(null, `it ends in the middle of its ${name} data`);
  return new ScanFault(null, `it is not a complete ${name} file. If it is not compressed, set "compression" to NONE`);
}

/**
 * Rejects a file whose first bytes contradict the encoding. Nothing is guessed: the message names the format that was
 * found.
 */
function refuseOtherEncodings(bytes: Buffer, encoding: string): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new ScanFault(null, 'it is a gzip file. Set "compression" to GZIP');
  }
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528) {
    throw new ScanFault(null, 'it is a Zstandard file. Set "compression" to ZSTD');
  }
  if (encoding.startsWith('utf-16')) return;
  const found =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'UTF-16LE' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'UTF-16BE' : null;
  if (found) throw new ScanFault(null, `it is ${found}. Set "encoding" to ${found}`);
}

/**
 * Returns only whole characters in UTF-8. An incomplete character at the end of a chunk is returned with the next
 * chunk.
 */
function decoder({ encoding, currentLine }: ReadChunksOptions): (bytes: Uint8Array, isLast: boolean) => Uint8Array {
  if (encoding === 'utf-8') return utf8Decoder(currentLine);
  const text = new TextDecoder(encoding, { fatal: true });
  return (bytes, isLast) => {
    try {
      return refuseNulls(Buffer.from(text.decode(bytes, { stream: !isLast })), currentLine);
    } catch (error) {
      if (error instanceof ScanFault) throw error;
      throw new ScanFault(currentLine(), `from here on, some bytes are not valid ${encoding.toUpperCase()}`);
    }
  };
}

function utf8Decoder(currentLine: () => number): (bytes: Uint8Array, isLast: boolean) => Uint8Array {
  let rest: Uint8Array = new Uint8Array();
  let isFirst = true;
  return (bytes, isLast) => {
    let chunk = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const whole = isLast ? chunk.length : wholeCharacters(chunk);
    rest = chunk.slice(whole);
    chunk = chunk.subarray(0, whole);
    if (!isUtf8(chunk)) throw notUtf8(chunk, currentLine());
    if (isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
    isFirst &&= chunk.length === 0;
    return refuseNulls(chunk, currentLine);
  };
}

/** The number of bytes before a character that the end of the chunk cuts. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function notUtf8(bytes: Uint8Array, line: number): ScanFault {
  let sound = 0;
  let unsound = bytes.length;
  while (unsound - sound > 1) {
    const middle = Math.floor((sound + unsound) / 2);
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes.subarray(0, middle))))) sound = middle;
    else unsound = middle;
  }
  // The faulty character may be the one that ends there.
  const at = wholeCharacters(bytes.subarray(0, sound));
  const byte = bytes[at]!.toString(16).toUpperCase().padStart(2, '0');
  return new ScanFault(
    line + countLines(bytes.subarray(0, at)),
    `the byte 0x${byte} is not valid UTF-8. Set "encoding" to the encoding of the file, such as ISO-8859-1, WINDOWS-1252 or UTF-16LE`,
  );
}

/**
 * Text has no zero bytes. A file with zero bytes has another format: UTF-16 without a byte order mark, a database, an
 * image.
 */
function refuseNulls(bytes: Uint8Array, currentLine: () => number): Uint8Array {
  const at = bytes.indexOf(0);
  if (at < 0) return bytes;
  throw new ScanFault(
    currentLine() + countLines(bytes.subarray(0, at)),
    'it has a zero byte, which text has not. If the file is UTF-16, say that its encoding is UTF-16LE or UTF-16BE',
  );
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines += 1;
  return lines;
}
