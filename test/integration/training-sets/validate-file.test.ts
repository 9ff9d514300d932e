import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrainingSetRequest, TrainingSetValidationResult } from '../../../training-sets/training-sets.js';
import { CUSTOMER, openShop, REQUEST } from '../../support/shop-history.js';

const LABELS = `VALUES ('ann', TIMESTAMP '2001-09-09 01:47:29', 1), ('ann', TIMESTAMP '2001-09-09 01:47:30', 2),
  ('bob', TIMESTAMP '2001-09-09 01:47:00', 3), ('eve', TIMESTAMP '2001-09-09 01:47:00', 4)`;
/** What another program would write: right, with columns of its own names and types. */
const RIGHT = `SELECT who, moment, weight, CASE weight WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 5 END::DOUBLE AS n,
  CASE who WHEN 'ann' THEN 10.5 WHEN 'bob' THEN 7 END::DOUBLE AS mean_basket FROM (${LABELS}) AS labels(who, moment, weight)`;
const request = (options: Partial<TrainingSetRequest> = {}): TrainingSetRequest => ({
  ...REQUEST,
  joins: [{ ...CUSTOMER, features: CUSTOMER.features.slice(0, 2) }],
  labels: { kind: 'FILE', file: 'theirs.parquet', format: 'PARQUET', timeColumn: 'moment' },
  ...options,
});
const COLUMNS = new Map([['orders_7d', 'n']]);

async function check(
  sql: string,
  options: Partial<TrainingSetRequest> = {},
  columns: ReadonlyMap<string, string> = COLUMNS,
): Promise<TrainingSetValidationResult> {
  const { trainingSets, files, query } = await openShop();
  await query(`COPY (${sql}) TO '${join(files, 'theirs.parquet')}' (FORMAT parquet)`);
  return trainingSets.validate(request(options), columns, { createdBy: null });
}

describe('the training set of another program', () => {
  it('is right when the history gives the same values', async () => {
    expect(await check(RIGHT)).toMatchObject({
      labelRows: 4n,
      joinedRows: 4n,
      leakedRows: 0n,
      verifiedRows: 4n,
      unmatchedRows: 1n,
      valuesAtLabelTime: 1n,
    });
  });

  it('is right when this gateway wrote it, whose moments have a zone', async () => {
    const { make, trainingSets, query } = await openShop();
    await query(`CREATE TABLE ours AS SELECT * FROM (${LABELS}) AS labels(who, moment, weight)`);
    const asked = request({ withTimestamps: true, labels: { kind: 'TABLE', table: 'ours', timeColumn: 'moment' } });
    const { result } = await make(asked);
    const file = result!.output.location;
    const labels = { kind: 'FILE', file, format: 'PARQUET', timeColumn: 'moment' } as const;
    const found = await trainingSets.validate({ ...asked, labels }, new Map(), { createdBy: null });
    expect(found).toMatchObject({ labelRows: 4n, leakedRows: 0n, verifiedRows: 4n });
  });

  it('has a leak when a value is one of a later time', async () => {
    const { leakedRows, offendingRows } = await check(
      `SELECT * REPLACE (CASE weight WHEN 1 THEN 2 ELSE n END AS n) FROM (${RIGHT})`,
    );
    expect(leakedRows).toBe(1n);
    expect(offendingRows[0]).toEqual({
      row: 0n,
      kind: 'LEAKED',
      reason: 'orders_7d: the history gives another value or time',
    });
  });

  it('has a leak when a value was joined of exactly the time of a label that must not see it', async () => {
    const options = { options: { ...REQUEST.options, strictlyBefore: true } };
    expect((await check(RIGHT, options)).leakedRows).toBe(1n);
  });

  it('has a leak when an entity without a history has a value', async () => {
    const { offendingRows } = await check(`SELECT * REPLACE (coalesce(n, 0) AS n) FROM (${RIGHT})`);
    expect(offendingRows).toContainEqual(expect.objectContaining({ row: 3n, kind: 'LEAKED' }));
  });

  it('has a leak when one of its own times is after the label', async () => {
    const timed = `SELECT *, moment + INTERVAL 1 SECOND AS orders_7d__timestamp, moment AS mean_basket__timestamp FROM (${RIGHT})`;
    expect((await check(timed, { withTimestamps: true })).leakedRows).toBe(4n);
  });

  it.each([
    ['a column that is not there', RIGHT, new Map<string, string>(), /no column "orders_7d" for "orders_7d"/],
    ['a feature that is not asked for', RIGHT, new Map([['city', 'n']]), /No feature has the column "city"/],
    ['the id as a feature', RIGHT, new Map([['orders_7d', 'who']]), /has the time or the id/],
    [
      'a value that the feature cannot have',
      `SELECT * REPLACE (n + 0.5 AS n) FROM (${RIGHT})`,
      COLUMNS,
      /value 1.5 in row 0 .* is no BIGINT/,
    ],
  ])('is refused with %s', async (_what, sql, columns, message) => {
    await expect(check(sql, {}, columns)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    });
  });
});
