import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { estimateBatchPrediction } from '../../../costs/batch-prediction-cost.js';
import type { CostEstimate } from '../../../costs/cost-estimate.js';
import { parseInstant } from '../../../values/instant.js';
import { createPriceBook, openTestCosts, publishedBooks } from '../../support/costs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const NOON = parseInstant('2026-11-24T12:00:00Z');
const LAST_MICROSECOND = parseInstant('2026-11-24T23:59:59.999999Z');
const MIDNIGHT = parseInstant('2026-11-25T00:00:00Z');

/** An estimate of so many dollars: a dollar a row. */
const dollars = (rows: number): CostEstimate =>
  estimateBatchPrediction(
    createPriceBook({ 'machine-hour': '3600' }),
    { rows: BigInt(rows), secondsPerBatch: 1, batchSize: 1 },
    null,
  );

async function openGuard(dailyBudgets: Record<string, number>, folder = join(temporaryFolder(), 'costs')) {
  const time = { now: NOON };
  const costs = await openTestCosts({
    folder,
    dailyBudgets: new Map(Object.entries(dailyBudgets)),
    clock: () => time.now,
  });
  onTestFinished(() => costs.close());
  const admit = (principal: string | null, rows: number, maxCostUsd: number | null = null) =>
    costs.guard.admit({ principal, estimate: dollars(rows), maxCostUsd });
  return { ...costs, admit, time, folder };
}

const refused = { name: 'AppError', code: 'COST_OVER_LIMIT' };

describe('maxCostUsd', () => {
  it('refuses what is estimated above it, with the estimate', async () => {
    const { admit, guard } = await openGuard({});
    await expect(admit('alice', 10, 10)).resolves.toEqual(expect.any(String));
    await expect(admit('alice', 11, 10)).rejects.toMatchObject({
      ...refused,
      message: 'The estimate is $11.00, more than the $10.00 that "maxCostUsd" allows.',
      details: {
        field: 'maxCostUsd',
        maxCostUsd: 10,
        estimate: { total: { currency: 'USD', amount: 11 }, priceBook: 'priceBooks/test@2026-01-01' },
      },
    });
    const estimate = estimateBatchPrediction(
      (await publishedBooks()).find(null),
      { rows: 640n, secondsPerBatch: 60 },
      null,
    );
    const error = await guard.admit({ principal: null, estimate, maxCostUsd: 0.05 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      details: {
        estimate: {
          total: { amount: 0.05475 },
          lines: [
            { sku: 'vertex-prediction-n1-standard-4', unit: 'node hour', unitPrice: 0.219, amount: 0.0365 },
            { sku: 'vertex-prediction-n1-standard-4', unit: 'node hour', unitPrice: 0.219, amount: 0.01825 },
          ],
          assumptions: expect.arrayContaining([expect.stringContaining('third-party')]),
        },
      },
    });
  });

  it('of 0 admits what is free', async () => {
    const { admit } = await openGuard({});
    await expect(admit('alice', 0, 0)).resolves.toEqual(expect.any(String));
    await expect(admit('alice', 1, 0)).rejects.toMatchObject(refused);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('of %d is no limit', async (maxCostUsd) => {
    const { admit } = await openGuard({});
    await expect(admit('alice', 1, maxCostUsd)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'maxCostUsd' },
    });
  });
});

describe('the budget of a day', () => {
  it('is used up, by each principal their own, and named in the refusal', async () => {
    const { admit } = await openGuard({ alice: 10, '*': 3 });
    await admit('alice', 6);
    await admit('bob', 3);
    await admit('alice', 4);
    await expect(admit('alice', 1)).rejects.toMatchObject({ ...refused, details: { budgetUsd: 10, spentUsd: 10 } });
    await expect(admit('bob', 1)).rejects.toMatchObject({ ...refused, details: { budgetUsd: 3, spentUsd: 3 } });
    await expect(admit('carol', 3)).resolves.toEqual(expect.any(String));
  });

  it('is shared by all who are not known', async () => {
    const { admit } = await openGuard({ anonymous: 5 });
    await admit(null, 5);
    await expect(admit(null, 1)).rejects.toMatchObject(refused);
    await expect(admit('alice', 1000)).resolves.toEqual(expect.any(String));
  });

  it('is a new one at midnight UTC', async () => {
    const { admit, time } = await openGuard({ '*': 5 });
    await admit('alice', 5);
    time.now = LAST_MICROSECOND;
    await expect(admit('alice', 1)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('2026-11-24 (UTC)'),
    });
    time.now = MIDNIGHT;
    await expect(admit('alice', 5)).resolves.toEqual(expect.any(String));
  });

  it('is passed by as many of many starts at once as it has room for', async () => {
    const { admit } = await openGuard({ '*': 5 });
    const starts = await Promise.allSettled(Array.from({ length: 40 }, () => admit('alice', 1)));
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('is remembered by the next process', async () => {
    const before = await openGuard({ '*': 5 });
    await before.admit('alice', 4);
    await before.close();
    const after = await openGuard({ '*': 5 }, before.folder);
    await expect(after.admit('alice', 2)).rejects.toMatchObject({ ...refused, details: { spentUsd: 4 } });
  });

  it('counts what the work really cost once it is known, and only the first time it is said', async () => {
    const { admit, guard } = await openGuard({ '*': 10 });
    const first = await admit('alice', 10);
    await guard.settle(first, 2.5);
    await guard.settle(first, 0);
    const second = await admit('alice', 7);
    await expect(admit('alice', 1)).rejects.toMatchObject({ details: { spentUsd: 9.5 } });
    await guard.settle(second, 20);
    await expect(admit('alice', 0)).rejects.toMatchObject({ details: { spentUsd: 22.5 } });
  });

  it('is not broken by a cost that is no number', async () => {
    const { admit, guard } = await openGuard({ '*': 10 });
    const admission = await admit('alice', 10);
    for (const wrong of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      await expect(guard.settle(admission, wrong)).rejects.toThrow(RangeError);
    }
    await expect(admit('alice', 1)).rejects.toMatchObject(refused);
  });

  it('has all of it back when the work was not begun', async () => {
    const { admit, guard } = await openGuard({ '*': 10 });
    await guard.settle(await admit('alice', 10), 0);
    await expect(admit('alice', 10)).resolves.toEqual(expect.any(String));
  });

  it('is settled on the day of its admission, also from the next process', async () => {
    const before = await openGuard({ '*': 10 });
    const admission = await before.admit('alice', 10);
    await before.close();
    const after = await openGuard({ '*': 10 }, before.folder);
    after.time.now = MIDNIGHT;
    await after.guard.settle(admission, 1);
    await expect(after.admit('alice', 10)).resolves.toEqual(expect.any(String));
    after.time.now = NOON;
    await expect(after.admit('alice', 9)).resolves.toEqual(expect.any(String));
  });

  it('adds small sums up without losing any', async () => {
    const { guard, admit } = await openGuard({ '*': 0.3 });
    const cent = estimateBatchPrediction(
      createPriceBook({ 'machine-hour': '0.1' }),
      { rows: 1n, secondsPerBatch: 3600 },
      null,
    );
    for (let start = 0; start < 3; start += 1) await guard.admit({ principal: 'a', estimate: cent, maxCostUsd: null });
    await expect(admit('a', 1)).rejects.toMatchObject({ details: { spentUsd: 0.3 } });
  });

  it('takes principals of any name', async () => {
    const { admit } = await openGuard({ '*': 1 });
    const long = 'https://issuer.example/'.padEnd(5000, 'x');
    await admit(long, 1);
    await expect(admit(long, 1)).rejects.toMatchObject(refused);
    await expect(admit(`${long}y`, 1)).resolves.toEqual(expect.any(String));
  });

  it('is forgotten long after its day', async () => {
    const { admit, guard, time } = await openGuard({ '*': 5 });
    const old = await admit('alice', 5);
    time.now = parseInstant('2027-03-01T00:00:00Z');
    await admit('alice', 1);
    await guard.settle(old, 3);
    time.now = NOON;
    await expect(admit('alice', 5)).resolves.toEqual(expect.any(String));
  });
});
