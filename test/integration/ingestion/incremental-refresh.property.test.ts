import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileReader } from '../../../datasources/files/file-reader.js';
import { MovingSource, type MovingSourceOptions, type Order } from '../../support/moving-source.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

let reader: FileReader;
beforeAll(async () => {
  reader = await FileReader.open(mkdtempSync(join(tmpdir(), 'featuregraph-incremental-')));
});
afterAll(() => reader[Symbol.asyncDispose]());

/** What happens to the files between two refreshes. */
type Change =
  | { readonly kind: 'APPEND' | 'ADD'; readonly file: number; readonly rows: readonly LaterOrder[] }
  | { readonly kind: 'LATE'; readonly file: number; readonly row: Order }
  | { readonly kind: 'REPLACE'; readonly file: number; readonly row: number; readonly total: number }
  | { readonly kind: 'REMOVE_ROW'; readonly file: number; readonly row: number }
  | { readonly kind: 'REMOVE' | 'RENAME'; readonly file: number }
  | { readonly kind: 'NOTHING' };

/** `second` counts from the newest row of all files on. */
type LaterOrder = Order;

const NAMES = ['d', 'b', 'f', 'a', 'e', 'c'];
const id = fc.constantFrom('a', 'b', 'c');
const total = fc.option(fc.integer({ min: 0, max: 9 }), { nil: null, freq: 4 });
const file = fc.nat({ max: NAMES.length - 1 });
const later = fc.array(fc.record({ id, second: fc.integer({ min: 1, max: 3 }), total }), {
  minLength: 1,
  maxLength: 3,
});
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('APPEND' as const), file, rows: later }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ADD' as const), file, rows: later }) },
  fc.record({ kind: fc.constant('LATE' as const), file, row: fc.record({ id, second: fc.nat({ max: 6 }), total }) }),
  fc.record({
    kind: fc.constant('REPLACE' as const),
    file,
    row: fc.nat({ max: 5 }),
    total: fc.integer({ min: 10, max: 19 }),
  }),
  fc.record({ kind: fc.constant('REMOVE_ROW' as const), file, row: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constantFrom('REMOVE' as const, 'RENAME' as const), file }),
  fc.record({ kind: fc.constant('NOTHING' as const) }),
);

type Mutable = Map<string, readonly Order[]>;

function apply(files: Mutable, happened: Change): void {
  if (happened.kind === 'NOTHING') return;
  const present = [...files.keys()];
  const name = present[happened.file % present.length]!;
  const rows = files.get(name)!;
  const newest = Math.max(...[...files.values()].flat().map(({ second }) => second), 0);
  switch (happened.kind) {
    case 'APPEND':
    case 'ADD': {
      const added = happened.rows.map((row) => ({ ...row, second: newest + row.second }));
      if (happened.kind === 'APPEND') files.set(name, [...rows, ...added]);
      else if (!files.has(NAMES[happened.file]!)) files.set(NAMES[happened.file]!, added);
      return;
    }
    case 'LATE':
      files.set(name, [...rows, happened.row]);
      return;
    case 'REPLACE':
      files.set(
        name,
        rows.map((row, index) => (index === happened.row ? { ...row, total: happened.total } : row)),
      );
      return;
    case 'REMOVE_ROW':
      if (rows.length > 1)
        files.set(
          name,
          rows.filter((_, index) => index !== happened.row),
        );
      return;
    case 'REMOVE':
    case 'RENAME': {
      if (happened.kind === 'REMOVE' && files.size === 1) return;
      files.delete(name);
      if (happened.kind === 'RENAME') files.set(`${name}${files.size}`, rows);
    }
  }
}

const FIRST: [string, Order[]][] = [
  [
    'd',
    [
      { id: 'a', second: 1, total: 1 },
      { id: 'b', second: 2, total: null },
    ],
  ],
];
type Declaration = Omit<MovingSourceOptions, 'folder' | 'reader' | 'dense'>;

describe.each<[string, Declaration]>([
  ['file by file', { incremental: '{ table: orders }' }],
  ['from a watermark on', { incremental: '{ table: orders, watermarkColumn: moment }' }],
  [
    'from a watermark on, over Parquet',
    { incremental: '{ table: orders, watermarkColumn: moment }', format: 'parquet' },
  ],
  ['file by file, without rows that are to be quarantined', { incremental: '{ table: orders }', most: 6 }],
  [
    'from a watermark on, with a window, without rows that are to be quarantined',
    { incremental: '{ table: orders, watermarkColumn: moment }', hasWindow: true, most: 6 },
  ],
  [
    'from a watermark on, with a window',
    { incremental: '{ table: orders, watermarkColumn: moment }', hasWindow: true },
  ],
])('a source that is refreshed %s', (_name, declaration) => {
  it('has the values of the whole SQL after any changes of its files, online and as of any time', async () => {
    let refreshes = 0;
    let incremental = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 6 }), fc.boolean(), async (changes, dense) => {
        const source = new MovingSource({ ...declaration, dense, folder: temporaryFolder(), reader });
        const files: Mutable = new Map(FIRST);
        await source.refresh(files);
        for (const happened of changes) {
          apply(files, happened);
          const { imported, ...values } = await source.refresh(files);
          expect(values).toEqual(await source.expected(files));
          if (imported) refreshes += 1;
          if (imported?.fullRefreshReason === null) incremental += 1;
        }
      }),
      { numRuns: Number(process.env.FEATUREGRAPH_TEST_RUNS ?? 4) },
    );
    // A test in which the whole SQL always ran would show nothing.
    expect(incremental).toBeGreaterThan(0);
    expect(incremental).toBeLessThanOrEqual(refreshes);
  }, 300_000);
});
