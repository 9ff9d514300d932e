import { expect, it } from 'vitest';
import { DataFiles } from '../../../datasources/files/data-files.js';
import { joinLabels } from '../../../training-sets/join-labels.js';
import { prepareLabels } from '../../../training-sets/make-training-set.js';
import { outputAsJoined } from '../../../training-sets/output-format.js';
import { validate } from '../../../training-sets/validate.js';
import { WorkDatabase } from '../../../training-sets/work-database.js';
import type { TrainingSetValidationResult } from '../../../training-sets/training-sets.js';
import { CUSTOMER, openShop, REQUEST } from '../../support/shop-history.js';

/** ann, 49 seconds after NOW: her newest orders are 1 of second 0; those of seconds 50 and 90 are not known yet. */
const ROWS = Array.from({ length: 5 }, (_, index) => ({ who: 'ann', at: `2001-09-09T01:47:29.00000${index}Z` }));

/** Makes a training set, changes what came of it, and validates that. `spoil` is SQL over the joined tables. */
async function validateSpoiled(spoil: (work: WorkDatabase) => Promise<unknown>): Promise<TrainingSetValidationResult> {
  const { offline, files } = await openShop();
  const work = await WorkDatabase.open(await offline.database.instance.connect(), 't', new AbortController().signal);
  try {
    const request = {
      ...REQUEST,
      joins: [CUSTOMER],
      labels: { kind: 'INLINE', rows: ROWS, timeColumn: 'at' },
    } as const;
    const plan = await prepareLabels(work, request, {
      files: await DataFiles.open(files),
      findRemoteStore: () => undefined,
    });
    await joinLabels(work, plan, 10, { onStep: async () => undefined, onEstimate: () => undefined });
    await spoil(work);
    return await validate(work, plan, outputAsJoined(work, plan));
  } finally {
    await work.close();
  }
}

it('finds nothing in what was joined', async () => {
  expect(await validateSpoiled(async () => undefined)).toMatchObject({
    leakedRows: 0n,
    verifiedRows: 5n,
    offendingRows: [],
  });
});

it.each([
  [
    'a value and its time from after the label',
    `UPDATE "job t".joined_0 SET value_0 = 2, timestamp_0 = TIMESTAMP '2001-09-09 01:47:30' WHERE row_id = 2`,
    'orders_7d: its value has 2001-09-09 01:47:30, the label 2001-09-09 01:47:29.000002',
  ],
  [
    'a value from after the label under an honest time',
    `UPDATE "job t".joined_0 SET value_0 = 2 WHERE row_id = 2`,
    'orders_7d: the history gives another value or time',
  ],
  [
    'a time that no row of the history has',
    `UPDATE "job t".joined_0 SET timestamp_0 = TIMESTAMP '2001-09-09 01:47:01' WHERE row_id = 2`,
    'orders_7d: the history gives another value or time',
  ],
  [
    'a value that is left out',
    `UPDATE "job t".joined_0 SET value_2 = NULL WHERE row_id = 2`,
    'city: the history gives another value or time',
  ],
  [
    'a value without a time',
    `UPDATE "job t".joined_0 SET timestamp_2 = NULL WHERE row_id = 2`,
    'city: its value has no time, the label 2001-09-09 01:47:29.000002',
  ],
  [
    'another value of a static feature',
    `UPDATE "job t".joined_1 SET value_3 = TIMESTAMP '2001-01-01' WHERE row_id = 2`,
    'born: the history gives another value or time',
  ],
])('finds %s', async (_what, sql, reason) => {
  const validation = await validateSpoiled((work) => work.run(sql));
  expect(validation.leakedRows).toBe(1n);
  expect(validation.offendingRows).toEqual([{ row: 2n, kind: 'LEAKED', reason }]);
});

it('finds rows that change places', async () => {
  const validation = await validateSpoiled((work) =>
    work.run(`UPDATE "job t".joined_0 SET value_0 = row_id, timestamp_0 = TIMESTAMP '2001-09-09 01:46:40'`),
  );
  expect(validation.leakedRows).toBe(4n);
});
