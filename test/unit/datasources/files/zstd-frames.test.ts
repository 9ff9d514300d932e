import fc from 'fast-check';
import { Readable, pipeline } from 'node:stream';
import { constants, createZstdDecompress, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { expandZstd, zstdFrames } from '../../../../datasources/files/worker/zstd-frames.js';

async function expand(pieces: readonly Buffer[]): Promise<string> {
  const parts: Buffer[] = [];
  const expanded = pipeline(Readable.from(pieces), zstdFrames, createZstdDecompress(), () => undefined);
  for await (const part of expanded) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

const SKIPPABLE = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), Buffer.from('note')]);
const EMPTY_SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);

/** Texts of one block and of several, of equal bytes and of different ones. */
const text = fc.oneof(
  fc.string(),
  fc.nat({ max: 400_000 }).map((length) => 'x'.repeat(length)),
  fc.nat({ max: 60_000 }).map((count) => Array.from({ length: count }, (_, index) => index * 7919).join()),
);
const frame = fc
  .record({ text, checksum: fc.boolean(), size: fc.boolean() })
  .map(({ text: content, checksum, size }) => ({
    text: content,
    bytes: zstdCompressSync(content, {
      params: {
        [constants.ZSTD_c_checksumFlag]: Number(checksum),
        [constants.ZSTD_c_contentSizeFlag]: Number(size),
      },
    }),
  }));

it('every frame of a file is read, however its bytes arrive', async () => {
  const frames = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: frame },
      { weight: 1, arbitrary: fc.constantFrom({ text: '', bytes: SKIPPABLE }, { text: '', bytes: EMPTY_SKIPPABLE }) },
    ),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(frames, fc.constantFrom(1, 3, 1000, 1_000_000), async (parts, size) => {
      const bytes = Buffer.concat(parts.map((part) => part.bytes));
      const whole = parts.map((part) => part.text).join('');
      // A page of Parquet is in memory as a whole.
      expect(expandZstd(bytes).equals(Buffer.from(whole))).toBe(true);
      // Single bytes of a long file take long.
      const step = Math.max(size, Math.ceil(bytes.length / 20_000));
      const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) =>
        bytes.subarray(index * step, (index + 1) * step),
      );
      expect((await expand(pieces)) === whole).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it.each([
  ['what is no frame', Buffer.concat([zstdCompressSync('a'), Buffer.from('garbage that is no frame')])],
  ['half of a frame', Buffer.concat([zstdCompressSync('a'), zstdCompressSync('b'.repeat(1000)).subarray(0, -3)])],
])('a file with %s at its end is refused', async (_title, bytes) => {
  await expect(expand([bytes])).rejects.toThrow();
});
