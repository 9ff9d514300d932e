import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter, type InputLine } from '../../../../ingestion/ndjson/split-lines.js';

const MAX_LINE_BYTES = 700;

function split(chunks: readonly Uint8Array[]): InputLine[] {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  const lines = chunks.flatMap((chunk) => splitter.push(chunk));
  return [...lines, ...splitter.end()].map(({ number, text, problem }) => ({ number, text, problem }));
}

const line = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', ' ', '\r', '{}\r', '\ufeff{}', 'x'.repeat(MAX_LINE_BYTES), 'x'.repeat(MAX_LINE_BYTES + 1)),
  fc.constant('y'.repeat(3 * MAX_LINE_BYTES)),
);

it('finds the same lines wherever chunks end, also those that are too long or blank', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), cuts, (texts, at) => {
      const bytes = Buffer.from(texts.join('\n'));
      const ends = at.map((part) => Math.round(part * bytes.length)).sort((a, b) => a - b);
      const chunks = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      // Chunks of one byte are read line by line.
      expect(split(chunks)).toEqual(split(Array.from(bytes, (byte) => Uint8Array.of(byte))));
    }),
  );
});
