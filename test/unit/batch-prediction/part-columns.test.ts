import { expect, it, onTestFinished } from 'vitest';
import type { ColumnBlock, ColumnSource } from '../../../batch-prediction/local/batch-source.js';
import { PartColumns } from '../../../batch-prediction/local/part-columns.js';

/** A part takes slices that were read before. */
const notRead = (): never => {
  throw new Error('a part does not read its input');
};
const SOURCE: ColumnSource = { sql: notRead, written: [], slices: notRead, readInstances: notRead };
const ROWS = 2;
const block: ColumnBlock = { columns: [], chunks: [], rows: ROWS, bytes: 100, number: 0 };
const batch = { rows: ROWS, rowsPerRun: ROWS, sound: new Uint8Array(ROWS).fill(1), columns: new Map<string, never>() };

/** The bytes of a part with two predictions of a text. */
async function bytesOf(texts: readonly string[]): Promise<number> {
  const part = await PartColumns.open(SOURCE, [{ name: 'label', valueType: 'STRING' }]);
  onTestFinished(() => part.close());
  const predictions = { predicted: new Uint8Array(ROWS).fill(1), outputs: [texts] };
  part.add({ slice: { block, from: 0, batch }, predictions, others: [] });
  const { bytes } = part;
  part.clear();
  expect(part.bytes).toBe(0);
  return bytes;
}

it('a part counts the predicted texts, so that long ones end it as long inputs do', async () => {
  expect((await bytesOf(['a'.repeat(1000), 'b'])) - (await bytesOf(['', '']))).toBe(1001);
});
