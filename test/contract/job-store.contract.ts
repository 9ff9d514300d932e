import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { JobCost } from '../../datasources/job-store/job-cost.js';
import type { JobRecord } from '../../datasources/job-store/job-record.js';
import type { IdempotencyKey } from '../../datasources/job-store/unique-key.js';
import { LeaseLost } from '../../datasources/job-store/job-lease.js';
import type { JobStore } from '../../datasources/job-store/job-store.js';
import { estimateHistoricalQuery } from '../../costs/historical-query-cost.js';
import { toStoredEstimate } from '../../costs/stored-estimate.js';
import { createPriceBook } from '../support/costs.js';
import { jobRecord } from '../support/job-record.js';

/** What every store of job records keeps. `open` is called with the same folder again after `close`. */
export function describeJobStore(name: string, makeOpen: () => Promise<() => Promise<JobStore>>): void {
  describe(`job store: ${name}`, () => {
    let open: () => Promise<JobStore>;
    let store: JobStore;

    beforeEach(async () => {
      open = await makeOpen();
      store = await open();
      onTestFinished(() => store.close());
    });

    it('gives back a record as it was, bigints and nulls and all, also after it was closed', async () => {
      const record = job('1', {
        spec: { large: 2n ** 63n - 1n, small: 5n, nothing: null, list: [1n, 1.5, 'x'], nested: { '': true } },
        progress: { completed: 3n, failed: 0n, total: 2n ** 60n },
        labels: { team: 'ops' },
      });
      await store.create(record);
      await store.close();
      store = await open();
      expect(await store.get('1')).toEqual(record);
      expect(await store.get('2')).toBeUndefined();
    });

    it.each(['', 'x'.repeat(10_000), '\0', 'Zürich ✈'])(
      'has no job of the id %j, which a client made up',
      async (id) => {
        expect(await store.get(id)).toBeUndefined();
        expect(await store.list({ filter: {}, before: id, limit: 1 })).toEqual([]);
      },
    );

    it('keeps one of many that race with one key, and gives it to all', async () => {
      const ids = Array.from({ length: 50 }, (_, index) => `job-${index}`);
      const kept = await Promise.all(ids.map((id) => store.create(job(id, { idempotencyKey: 'key' }))));
      expect(new Set(kept.map(({ id }) => id)).size).toBe(1);
      expect(await store.list({ filter: {}, before: null, limit: 100 })).toHaveLength(1);
      expect(await store.findByIdempotencyKey(keyOf('key'))).toEqual(kept[0]);
      expect(await store.findByIdempotencyKey(keyOf('other'))).toBeUndefined();
    });

    it('keeps a key of another creator, of another kind of job and of work from outside apart', async () => {
      const keyed = { idempotencyKey: 'key' };
      await store.create(job('1', keyed));
      expect((await store.create(job('2', { ...keyed, createdBy: 'bob' }))).id).toBe('2');
      expect((await store.create(job('3', { ...keyed, kind: 'OTHER' }))).id).toBe('3');
      expect((await store.create(job('4', { externalId: 'key' }))).id).toBe('4');
      expect((await store.create(job('5', { externalId: 'key' }))).id).toBe('4');
      expect(await store.findByIdempotencyKey(keyOf('key'))).toMatchObject({ id: '1', idempotencyKey: 'key' });
      expect(await store.findByIdempotencyKey({ ...keyOf('key'), createdBy: 'bob' })).toMatchObject({ id: '2' });
    });

    it('changes a record in one step, beside other writers', async () => {
      await store.create(job('1'));
      const increment = (record: JobRecord): JobRecord => ({ ...record, attempts: record.attempts + 1 });
      await Promise.all(Array.from({ length: 100 }, () => store.update('1', increment)));
      expect((await store.get('1'))?.attempts).toBe(100);
      await expect(store.update('none', increment)).rejects.toThrow('there is no job none');
    });

    it('holds a job that has ended as not done with until its cost is settled', async () => {
      const cost = (isSettled: boolean): JobCost => ({
        work: { kind: 'SCAN', bytes: 1n, priceBook: null },
        estimate: toStoredEstimate(
          estimateHistoricalQuery(createPriceBook({ 'offline-scan-tib': '1' }), { bytes: 1n }),
        ),
        admission: 'a',
        isSettled,
      });
      await store.create(job('1', { cost: cost(false) }));
      await store.update('1', (record) => ({ ...record, state: 'SUCCEEDED' }));
      expect((await store.listUnfinished()).map(({ id }) => id)).toEqual(['1']);
      await store.update('1', (record) => ({ ...record, cost: cost(true) }));
      expect(await store.listUnfinished()).toEqual([]);
    });

    it('knows which jobs have not ended, the oldest first', async () => {
      for (const id of ['3', '1', '2']) await store.create(job(id));
      await store.update('2', (record) => ({ ...record, state: 'SUCCEEDED' }));
      await store.close();
      store = await open();
      expect((await store.listUnfinished()).map(({ id }) => id)).toEqual(['1', '3']);
    });

    it('lists the newest first, page after page, with the same pages when jobs are added', async () => {
      for (let index = 10; index < 20; index += 1) await store.create(job(String(index)));
      const page = async (before: string | null) =>
        (await store.list({ filter: {}, before, limit: 4 })).map(({ id }) => id);
      expect(await page(null)).toEqual(['19', '18', '17', '16']);
      await store.create(job('20'));
      expect(await page('16')).toEqual(['15', '14', '13', '12']);
      expect(await page('12')).toEqual(['11', '10']);
      expect(await page('10')).toEqual([]);
    });

    it('filters by state, kind, all labels and time of creation, both ends included', async () => {
      await store.create(job('1', { createdAt: 1n, labels: { team: 'a', run: '1' } }));
      await store.create(job('2', { createdAt: 2n, kind: 'BATCH_PREDICTION', labels: { team: 'a' } }));
      await store.create(job('3', { createdAt: 3n, state: 'FAILED', labels: { team: 'b' } }));
      const ids = async (filter: Parameters<JobStore['list']>[0]['filter']) =>
        (await store.list({ filter, before: null, limit: 10 })).map(({ id }) => id);
      expect(await ids({ states: ['FAILED', 'EXPIRED'] })).toEqual(['3']);
      expect(await ids({ states: [] })).toEqual([]);
      expect(await ids({ kinds: ['BATCH_PREDICTION'] })).toEqual(['2']);
      expect(await ids({ labels: { team: 'a' } })).toEqual(['2', '1']);
      expect(await ids({ labels: { team: 'a', run: '1' } })).toEqual(['1']);
      expect(await ids({ labels: { toString: 'x' } })).toEqual([]);
      expect(await ids({ createdFrom: 2n, createdTo: 2n })).toEqual(['2']);
      expect(await ids({ createdFrom: 2n, states: ['FAILED'] })).toEqual(['3']);
    });

    it('finds the jobs of a target, the newest first, page after page, and those of no other', async () => {
      for (const [id, target] of Object.entries({ 1: 'a', 2: 'b', 3: 'a', 4: 'a/b', 6: 'a', 7: 'a\0' })) {
        await store.create(job(id, { target }));
      }
      await store.create(job('5'));
      await store.update('3', (record) => ({ ...record, state: 'SUCCEEDED' }));
      const ids = async (before: string | null, filter = {}) =>
        (await store.list({ filter: { target: 'a', ...filter }, before, limit: 2 })).map(({ id }) => id);
      expect(await ids(null)).toEqual(['6', '3']);
      expect(await ids('3')).toEqual(['1']);
      expect(await ids('1')).toEqual([]);
      expect(await ids(null, { states: ['SUCCEEDED'] })).toEqual(['3']);
      expect(await ids(null, { target: 'nothing' })).toEqual([]);
      await store.close();
      store = await open();
      expect(await ids(null)).toEqual(['6', '3']);
    });

    it('gives the jobs of a list of ids that exist, whatever clients made up', async () => {
      for (const id of ['1', '2', '3']) await store.create(job(id));
      const found = await store.getAll(['3', 'none', '1', '1', '', 'x'.repeat(10_000)]);
      expect(found.map(({ id }) => id).sort()).toEqual(['1', '3']);
      expect(await store.getAll([])).toEqual([]);
    });

    it('gives a job to one of many that claim it at once, and to no other until it is given back', async () => {
      await store.create(job('1'));
      const claimed = (await Promise.all(Array.from({ length: 20 }, () => store.claim('1')))).filter((lease) => lease);
      expect(claimed).toHaveLength(1);
      expect(await store.claim('1')).toBeNull();
      expect(await store.listUnclaimed()).toEqual([]);
      await store.release(claimed[0]!);
      expect((await store.listUnclaimed()).map(({ id }) => id)).toEqual(['1']);
      expect((await store.claim('1'))!.token).toBeGreaterThan(claimed[0]!.token);
    });

    it('refuses a write under a lease that was given back, and takes one from a writer without a lease, as a cancellation', async () => {
      await store.create(job('1'));
      const first = (await store.claim('1'))!;
      await store.update('1', (record) => ({ ...record, state: 'RUNNING' }), first);
      await store.release(first);
      const second = (await store.claim('1'))!;
      const late = store.update('1', (record) => ({ ...record, state: 'FAILED' }), first);
      await expect(late).rejects.toThrow(LeaseLost);
      await store.update('1', (record) => ({ ...record, state: 'CANCELLING' }));
      const ended = await store.update('1', (record) => ({ ...record, state: 'CANCELLED' }), second);
      expect(ended.state).toBe('CANCELLED');
      await store.release(first);
      await store.release(second);
    });

    it('has no lease for a job that is finished, that does not exist or whose id a client made up', async () => {
      await store.create(job('1'));
      await store.update('1', (record) => ({ ...record, state: 'SUCCEEDED' }));
      for (const id of ['1', 'none', '', 'x'.repeat(10_000)]) expect(await store.claim(id)).toBeNull();
      expect(await store.listUnclaimed()).toEqual([]);
    });

    it('writes the end of a job once: after it, only the cost changes', async () => {
      await store.create(job('1'));
      await store.update('1', (record) => ({ ...record, state: 'SUCCEEDED', endedAt: 5n }));
      await store.update('1', (record) => ({ ...record, state: 'FAILED', endedAt: 6n, result: 'other' }));
      expect(await store.get('1')).toEqual(job('1', { state: 'SUCCEEDED', endedAt: 5n }));
    });

    it('forgets the leases of a process that has closed', async () => {
      await store.create(job('1'));
      const before = (await store.claim('1'))!;
      expect(await store.claimSchedules()).not.toBeNull();
      await store.close();
      store = await open();
      expect((await store.listUnclaimed()).map(({ id }) => id)).toEqual(['1']);
      expect(await store.claim('1')).not.toBeNull();
      await expect(store.update('1', (record) => record, before)).rejects.toThrow(LeaseLost);
      expect(await store.claimSchedules()).not.toBeNull();
    });

    it('lets one keep the schedules at a time', async () => {
      const claimed = await Promise.all([1, 2, 3].map(() => store.claimSchedules()));
      const [lease, ...others] = claimed.filter((one) => one !== null);
      expect(others).toEqual([]);
      await lease!.keep(5n);
      expect(lease!.lost.aborted).toBe(false);
      await lease!.release();
      expect(await store.claimSchedules()).not.toBeNull();
    });
  });
}

/** As a client says it who started a job of jobRecord. */
function keyOf(idempotencyKey: string): IdempotencyKey {
  const { kind, createdBy } = jobRecord();
  return { kind, createdBy, idempotencyKey };
}

function job(id: string, changes: Partial<JobRecord> = {}): JobRecord {
  return jobRecord({ id, ...changes });
}
