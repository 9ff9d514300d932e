import { describe, expect, it } from 'vitest';
import { DataFiles } from '../../../datasources/files/data-files.js';
import { joinLabels } from '../../../training-sets/join-labels.js';
import { prepareLabels } from '../../../training-sets/make-training-set.js';
import { outputAsJoined } from '../../../training-sets/output-format.js';
import { validate } from '../../../training-sets/validate.js';
import { WorkDatabase } from '../../../training-sets/work-database.js';
import { validateOutput } from '../../../training-sets/validate-output.js';
import type { TrainingSetPlan } from '../../../training-sets/training-set-plan.js';
import type { TrainingSetRequest, TrainingSetValidationResult } from '../../../training-sets/training-sets.js';
import { CUSTOMER, openShop, REQUEST } from '../../support/shop-history.js';

/** ann, 49 seconds after NOW: her newest orders are 1 of second 0; those of seconds 50 and 90 are not known yet. */
const ROWS = Array.from({ length: 5 }, (_, index) => ({ who: 'ann', at: `2001-09-09T01:47:29.00000${index}Z` }));

/**
 * Makes a training set, changes what came of it, and validates that. `spoil` is SQL over the joined tables; `prepare`
 * over the history, before the join.
 */
async function validateSpoiled(
  spoil: (work: WorkDatabase) => Promise<unknown>,
  changes: Partial<TrainingSetRequest> = {},
  outputOf: (work: WorkDatabase, plan: TrainingSetPlan) => string = outputAsJoined,
  prepare: (work: WorkDatabase) => Promise<unknown> = async () => undefined,
): Promise<TrainingSetValidationResult> {
  const { offline, files } = await openShop();
  const work = await WorkDatabase.open(await offline.database.instance.connect(), 't', new AbortController().signal);
  try {
    const request = {
      ...REQUEST,
      joins: [CUSTOMER],
      labels: { kind: 'INLINE', rows: ROWS, timeColumn: 'at' },
      ...changes,
    } as const;
    const plan = await prepareLabels(work, request, {
      files: await DataFiles.open(files),
      findRemoteStore: () => undefined,
    });
    await prepare(work);
    await joinLabels(work, plan, 10_000, { onStep: async () => undefined, onEstimate: () => undefined });
    await spoil(work);
    return await validate(work, plan, outputOf(work, plan));
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

const untouched = async (): Promise<void> => undefined;
const labelsOf = (rows: readonly Record<string, unknown>[]): Pick<TrainingSetRequest, 'labels'> => ({
  labels: { kind: 'INLINE', rows, timeColumn: 'at' },
});

it('finds a label column that came out otherwise than it went in', async () => {
  const spoiled = (work: WorkDatabase, plan: TrainingSetPlan): string =>
    `SELECT * REPLACE (CASE WHEN row_id = 3 THEN 'bob' ELSE label_0 END AS label_0) FROM (${outputAsJoined(work, plan)})`;
  const validation = await validateSpoiled(untouched, {}, spoiled);
  expect(validation.changedRows).toBe(1n);
  expect(validation.offendingRows).toContainEqual({
    row: 3n,
    kind: 'CHANGED',
    reason: 'a column of the label is not as it was in the input',
  });
});

it.each([
  ['loses a label', (output: string) => `SELECT * FROM (${output}) WHERE row_id <> 3`, /has 4 rows and there are 5/],
  ['doubles one', (output: string) => `FROM (${output}) UNION ALL FROM (${output}) WHERE row_id = 3`, /has 6 rows/],
  ['changes one', (output: string) => `SELECT * REPLACE ('x' AS label_0) FROM (${output})`, /5 rows of the output/],
])('fails a job whose output %s', async (_what, spoil, message) => {
  const { offline, files } = await openShop();
  const work = await WorkDatabase.open(await offline.database.instance.connect(), 't', new AbortController().signal);
  try {
    const request = { ...REQUEST, joins: [CUSTOMER], ...labelsOf(ROWS) };
    const plan = await prepareLabels(work, request, {
      files: await DataFiles.open(files),
      findRemoteStore: () => undefined,
    });
    await joinLabels(work, plan, 10_000, { onStep: async () => undefined, onEstimate: () => undefined });
    const validating = validateOutput(work, plan, spoil(outputAsJoined(work, plan)), () => undefined);
    await expect(validating).rejects.toMatchObject({ code: 'OUTPUT_INVALID', message: expect.stringMatching(message) });
  } finally {
    await work.close();
  }
});

it('counts values of exactly the time of their label, and those of static sources', async () => {
  const rows = [
    { who: 'ann', at: '2001-09-09T01:47:30Z' },
    { who: 'ann', at: '2001-09-09T01:47:29Z' },
  ];
  expect(await validateSpoiled(untouched, labelsOf(rows))).toMatchObject({
    leakedRows: 0n,
    valuesAtLabelTime: 1n,
    unverifiableValues: 2n,
  });
  const options = { ...REQUEST.options, strictlyBefore: true };
  expect(await validateSpoiled(untouched, { ...labelsOf(rows), options })).toMatchObject({ valuesAtLabelTime: 0n });
});

describe('values that were written after their label', () => {
  const writtenLater = (work: WorkDatabase): Promise<unknown> =>
    work.run(`UPDATE shop."customer.orders" SET created_timestamp = TIMESTAMP '2002-01-01' WHERE city = 'Bern'`);

  it('are counted, and not as leaked', async () => {
    const validation = await validateSpoiled(untouched, {}, outputAsJoined, writtenLater);
    expect(validation).toMatchObject({ leakedRows: 0n, valuesWrittenAfterLabel: 15n });
    expect(await validateSpoiled(untouched)).toMatchObject({ valuesWrittenAfterLabel: 0n });
  });

  it('are counted in all rows, also where a sample of them is derived again', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({
      who: 'ann',
      at: `2001-09-09T01:47:29.${String(index).padStart(6, '0')}Z`,
    }));
    const validation = await validateSpoiled(untouched, labelsOf(rows), outputAsJoined, writtenLater);
    expect(validation.verifiedRows).toBeLessThan(1500n);
    expect(validation).toMatchObject({ leakedRows: 0n, valuesWrittenAfterLabel: 9000n });
  });

  it('are joined again where an earlier version of the gateway did not record it', async () => {
    const { offline, files } = await openShop();
    const work = await WorkDatabase.open(await offline.database.instance.connect(), 't', new AbortController().signal);
    try {
      await writtenLater(work);
      const request = { ...REQUEST, joins: [CUSTOMER], ...labelsOf(ROWS) };
      const none = { files: await DataFiles.open(files), findRemoteStore: () => undefined };
      const plan = await prepareLabels(work, request, none);
      const join = (): Promise<void> =>
        joinLabels(work, plan, 10_000, { onStep: async () => undefined, onEstimate: () => undefined });
      await join();
      const { writtenAfterColumn } = plan.features[0]!;
      await work.run(`ALTER TABLE "job t".joined_0 DROP COLUMN ${writtenAfterColumn}`);
      await join();
      expect(await validate(work, plan, outputAsJoined(work, plan))).toMatchObject({ valuesWrittenAfterLabel: 15n });
    } finally {
      await work.close();
    }
  });
});

it('names a feature that is a copy of a label column', async () => {
  const rows = [
    { who: 'ann', at: '2001-09-09T01:47:29Z', weight: 1, bought: 1 },
    { who: 'ann', at: '2001-09-09T01:47:30Z', weight: 1, bought: 2 },
    { who: 'eve', at: '2001-09-09T01:47:30Z', weight: 1, bought: 3 },
  ];
  const { labelCopies } = await validateSpoiled(untouched, labelsOf(rows));
  expect(labelCopies).toEqual([{ column: 'orders_7d', labelColumn: 'bought' }]);
});

it('takes an expired value that was asked for as what the history gives, and counts it as expired', async () => {
  const rows = [{ who: 'bob', at: '2001-09-09T01:51:40Z' }];
  const includeExpired = { ...labelsOf(rows), options: { ...REQUEST.options, includeExpired: true } };
  const validation = await validateSpoiled(untouched, includeExpired);
  expect(validation).toMatchObject({ leakedRows: 0n, expiredValues: 2n });
  expect(validation.featureCoverage[0]).toEqual({
    column: 'orders_7d',
    present: 0n,
    nulls: 0n,
    notFound: 0n,
    expired: 1n,
  });
  const cut = await validateSpoiled((work) => work.run('UPDATE "job t".joined_0 SET value_0 = NULL'), includeExpired);
  expect(cut.leakedRows).toBe(1n);
});

describe('the rows that are derived again', () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    who: 'ann',
    at: `2001-09-09T01:47:29.${String(index).padStart(6, '0')}Z`,
  }));
  const spoil = (work: WorkDatabase): Promise<unknown> =>
    work.run('UPDATE "job t".joined_0 SET value_0 = 2 WHERE row_id % 100 = 7');
  const check = (validation: TrainingSetRequest['validation']): Promise<TrainingSetValidationResult> =>
    validateSpoiled(spoil, { ...labelsOf(many), ...(validation && { validation }) });

  it('are a sample that is the same for a seed and another for another', async () => {
    const [first, again, other] = [
      await check({ mode: 'SAMPLE', seed: 1 }),
      await check({ mode: 'SAMPLE', seed: 1 }),
      await check({ mode: 'SAMPLE', seed: 2 }),
    ];
    expect(first).toMatchObject({ mode: 'SAMPLE', seed: 1 });
    expect(first.verifiedRows).toBeLessThan(1500n);
    expect(again.offendingRows).toEqual(first.offendingRows);
    expect(other.offendingRows).not.toEqual(first.offendingRows);
  });

  it('are all rows on request', async () => {
    expect(await check({ mode: 'FULL', seed: 0 })).toMatchObject({
      mode: 'FULL',
      verifiedRows: 3000n,
      leakedRows: 30n,
    });
  });
});
