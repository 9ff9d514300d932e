import { describe, expect, it, onTestFinished } from 'vitest';
import type { SpendingLedger } from '../../costs/budget-guard.js';
import { Decimal } from '../../costs/decimal.js';
import type { ModelCostHistory, ModelRun } from '../../costs/model-cost-history.js';

export interface OpenRecords {
  readonly ledger: SpendingLedger;
  readonly history: ModelCostHistory;
  close(): Promise<unknown>;
}

const DAY = '2026-11-24';

/** What every store of budgets and model costs keeps. `open` opens the same store again, as another process does. */
export function describeCostRecords(name: string, makeOpen: () => Promise<() => Promise<OpenRecords>>): void {
  describe(`costs: ${name}`, () => {
    const openTwo = async (): Promise<readonly [OpenRecords, OpenRecords]> => {
      const open = await makeOpen();
      const two = [await open(), await open()] as const;
      onTestFinished(async () => {
        await Promise.all(two.map((records) => records.close()));
      });
      return two;
    };
    const reserve = ({ ledger }: OpenRecords, id: string, dollars: number, budget: number | null = 10) =>
      ledger.reserve(
        { id: `${DAY}/${id}`, day: DAY, principal: 'ada', amount: new Decimal(dollars) },
        budget === null ? null : new Decimal(budget),
      );
    const spent = async ({ ledger }: OpenRecords, principal = 'ada') =>
      (await ledger.spent(DAY, principal)).amount.toNumber();

    it('lets as much through as the budget has, of many that two processes ask for at once', async () => {
      const [one, other] = await openTwo();
      const asked = Array.from({ length: 30 }, (_, index) =>
        reserve(index % 2 === 0 ? one : other, String(index), 0.7),
      );
      const results = await Promise.all(asked);
      expect(results.filter(({ isReserved }) => isReserved)).toHaveLength(14);
      await expect
        .poll(async () => [await spent(one), await spent(other), await spent(one, 'bob')])
        .toEqual([9.8, 9.8, 0]);
    });

    it('reserves a share of the rest where that is more than the amount, and never more than the rest of all', async () => {
      const [one, other] = await openTwo();
      const asked = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : other).ledger.reserve(
          { id: `${DAY}/${index}`, day: DAY, principal: 'ada', amount: new Decimal(0.5), shareOfRest: 1 / 4 },
          new Decimal(10),
        ),
      );
      const amounts = (await Promise.all(asked)).flatMap((result) => (result.isReserved ? [result.amount] : []));
      // 10, 7.5, 5.625, 4.21875, 3.1640625, 2.373046875 and then 0.5 each.
      const largest = Decimal.max(...amounts).toNumber();
      expect(largest).toBe(2.5);
      const sum = amounts.reduce((total, amount) => total.plus(amount), new Decimal(0));
      await expect.poll(() => spent(one)).toBe(sum.toNumber());
      expect(sum.toNumber()).toBeGreaterThan(9.5);
      expect(sum.toNumber()).toBeLessThanOrEqual(10);
    });

    it('replaces what is reserved by what it cost, once, by whichever gateway settles it', async () => {
      const [one, other] = await openTwo();
      await reserve(one, 'a', 4);
      await reserve(one, 'b', 5, null);
      await Promise.all(
        [one, other, one].map(({ ledger }, index) => ledger.settle(`${DAY}/a`, new Decimal(1 + index))),
      );
      await expect.poll(async () => [6, 7, 8].includes(await spent(other))).toBe(true);
      const before = await spent(other);
      await other.ledger.settle(`${DAY}/a`, new Decimal(100));
      await other.ledger.settle(`${DAY}/none`, new Decimal(100));
      expect(await spent(other)).toBe(before);
      await other.ledger.settle(`${DAY}/b`, new Decimal(0));
      // LMDB may show a process what it read last for the rest of a turn.
      await expect.poll(() => spent(one)).toBe(before - 5);
      expect(await reserve(one, 'c', 100)).toEqual({ isReserved: false, spent: new Decimal(before - 5) });
    });

    it('keeps the queries of work that no job has, for another process, until it is settled', async () => {
      const [one, other] = await openTwo();
      const query = (id: string) => ({ project: 'p', location: 'EU', id });
      const work = { perByte: '0.000000000005', endsBy: '17', mayGoOn: true, queries: [query('a')] };
      const reservation = { day: DAY, principal: 'ada', amount: new Decimal(1) };
      await one.ledger.reserve({ ...reservation, id: `${DAY}/read`, work }, null);
      await one.ledger.reserve({ ...reservation, id: `${DAY}/later`, work: { ...work, queries: [] } }, null);
      await reserve(one, 'job', 1);
      await one.ledger.note(`${DAY}/read`, query('b'));
      await one.ledger.note(`${DAY}/job`, query('c'));
      await one.ledger.note(`${DAY}/none`, query('d'));
      const noted = { id: `${DAY}/read`, work: { ...work, queries: [query('a'), query('b')] } };
      const empty = { id: `${DAY}/later`, work: { ...work, queries: [] } };
      await expect.poll(() => other.ledger.openWork(10)).toEqual([empty, noted]);
      expect(await other.ledger.openWork(1)).toEqual([empty]);
      await one.ledger.settle(`${DAY}/read`, new Decimal(0));
      await one.ledger.note(`${DAY}/read`, query('e'));
      await expect.poll(() => other.ledger.openWork(10)).toEqual([empty]);
    });

    it('adds the bytes that a warehouse billed, of each principal and day, once', async () => {
      const [one, other] = await openTwo();
      await reserve(one, 'a', 1);
      await reserve(other, 'b', 1, null);
      await one.ledger.settle(`${DAY}/a`, new Decimal(2), 2n ** 60n);
      await other.ledger.settle(`${DAY}/a`, new Decimal(2), 2n ** 60n);
      await other.ledger.settle(`${DAY}/b`, new Decimal(0), 1n);
      const ofAda = () => Promise.all([one, other].map(({ ledger }) => ledger.spent(DAY, 'ada')));
      const all = { amount: new Decimal(2), billedBytes: 2n ** 60n + 1n };
      await expect.poll(ofAda).toEqual([all, all]);
      expect((await one.ledger.spent(DAY, 'bob')).billedBytes).toBe(0n);
      expect((await one.ledger.spent('2026-11-25', 'ada')).billedBytes).toBe(0n);
    });

    it('adds small sums without losing a part of a cent', async () => {
      const [one, other] = await openTwo();
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => reserve(index < 10 ? one : other, `s${index}`, 0.1, null)),
      );
      expect((await one.ledger.spent(DAY, 'ada')).amount.toFixed()).toBe('2');
    });

    it('forgets days that are long past, and nothing else', async () => {
      const [one, other] = await openTwo();
      const old = { id: '2026-09-01/x', day: '2026-09-01', principal: 'ada', amount: new Decimal(3) };
      await one.ledger.reserve(old, null);
      await one.ledger.reserve({ ...old, id: '2026-09-01/y' }, null);
      await one.ledger.settle('2026-09-01/y', old.amount, 5n);
      await reserve(one, 'recent', 1);
      await other.ledger.reserve({ ...old, id: '2026-12-01/x', day: '2026-12-01' }, null);
      expect(await one.ledger.spent('2026-09-01', 'ada')).toEqual({ amount: new Decimal(0), billedBytes: 0n });
      expect(await spent(one)).toBe(1);
      await one.ledger.settle(old.id, new Decimal(7));
      expect((await other.ledger.spent('2026-09-01', 'ada')).amount.toNumber()).toBe(0);
    });

    it('gives the newest runs of a model, each once, and of no other model', async () => {
      const [one, other] = await openTwo();
      for (let index = 0; index < 60; index += 1) await one.history.record(modelRun(`job-${100 + index}`));
      await other.history.record(modelRun('job-159', { rows: 2n ** 53n + 1n }));
      await other.history.record(modelRun('job-1', { model: 'a/b ✈' }));
      await other.history.record(modelRun('job-2', { model: 'a' }));
      const runs = await other.history.runs('relevance');
      expect(runs.map(({ job }) => job)).toEqual(Array.from({ length: 50 }, (_, index) => `job-${159 - index}`));
      expect(runs[0]).toEqual(modelRun('job-159', { rows: 2n ** 53n + 1n }));
      expect(await one.history.runs('a/b ✈')).toEqual([modelRun('job-1', { model: 'a/b ✈' })]);
      expect(await one.history.runs('none')).toEqual([]);
    });
  });
}

function modelRun(job: string, more: Partial<ModelRun> = {}): ModelRun {
  return {
    job,
    model: 'relevance',
    machineType: 'n1-standard-4',
    acceleratorType: null,
    acceleratorCount: null,
    batchSize: 64,
    rows: 640n,
    workSeconds: 20.25,
    replicaHours: 0.1,
    estimatedUsd: 1,
    actualUsd: 1.5,
    endedAt: 1_700_000_000_123_456n,
    ...more,
  };
}
