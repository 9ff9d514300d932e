import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TableAddress } from '../../../../datasources/google/bigtable/client.js';
import { GRPC_STATUS } from '../../../../datasources/google/grpc-status.js';
import type { BigtableJobStore } from '../../../../datasources/job-store/bigtable/bigtable-job-store.js';
import { LeaseLost, type JobLease } from '../../../../datasources/job-store/job-lease.js';
import type { JobRecord } from '../../../../datasources/job-store/job-record.js';
import { isTerminalState, type JobState } from '../../../../datasources/job-store/job-state.js';
import { AppError } from '../../../../errors/app-error.js';
import {
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../../../support/google/bigtable-job-store.js';
import { startFaultProxy, type Fault, type FaultProxy } from '../../../support/google/fault-proxy.js';
import { jobRecord } from '../../../support/job-record.js';
import { createRandom } from '../../../support/random.js';
import { until } from '../../../support/until.js';

const LEASE_MS = 1500;
const SEEDS = Array.from({ length: Number(process.env.RACE_SEEDS ?? 4) }, (_, index) => index + 1);

/** What each owner wrote, in order. */
type Log = readonly { readonly token: number; readonly write: string }[];

describeWithBigtable('gateways that race for one table of jobs', () => {
  let emulator: BigtableEmulator;
  let table: TableAddress;
  let opened: AsyncDisposableStack;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());
  beforeEach(async ({ onTestFinished }) => {
    table = await createJobsTable(emulator);
    opened = new AsyncDisposableStack();
    onTestFinished(() => opened.disposeAsync());
  });

  async function openGateway(leaseMs = LEASE_MS): Promise<{ store: BigtableJobStore; proxy: FaultProxy }> {
    const proxy = await startFaultProxy(emulator.endpoint);
    opened.defer(() => proxy.stop());
    const store = await openJobStore({ ...emulator, endpoint: proxy.endpoint }, table, { leaseMs, deadlineMs: 5000 });
    opened.defer(() => store.close());
    return { store, proxy };
  }

  it.each(SEEDS)('keep every invariant while calls fail, get lost and come late (seed %i)', async (seed) => {
    const random = createRandom(seed);
    const gateways = await Promise.all([openGateway(), openGateway(), openGateway()]);
    const stores = gateways.map(({ store }) => store);
    const acknowledged = new Map<string, string[]>();
    const ends = new Map<string, JobRecord[]>();
    const keyed = new Map<string, Set<string>>();
    let isOver = false;
    for (const { proxy } of gateways) proxy.decide = () => randomFault(random);

    const start = async (store: BigtableJobStore, key: string, id: string) => {
      const { id: kept } = await repeat(() => store.create(jobRecord({ id, idempotencyKey: key, target: 't' })));
      keyed.set(key, (keyed.get(key) ?? new Set()).add(kept));
    };
    const work = async (store: BigtableJobStore, name: string) => {
      while (!isOver) {
        const found = await attempt(() => store.listUnclaimed());
        for (const { id } of (found ?? []).filter(() => random() < 0.7)) {
          const lease = await attempt(() => store.claim(id));
          if (!lease) continue;
          await runJob(store, lease, name);
          await attempt(() => store.release(lease));
        }
        await sleep(20);
      }
    };
    const runJob = async (store: BigtableJobStore, lease: JobLease, name: string) => {
      for (let step = 0; step < 4; step += 1) {
        const write = `${name}/${lease.token}/${step}`;
        const change = (record: JobRecord) => append(record, lease.token, write);
        const written = await attempt(() => store.update(lease.job, change, lease));
        if (!written || isTerminalState(written.state)) return;
        acknowledged.set(lease.job, [...(acknowledged.get(lease.job) ?? []), write]);
        if (random() < 0.1) await attempt(() => store.release(lease));
        // Now and then a gateway hangs for longer than its lease, and goes on as if nothing had been.
        await sleep(random() < 0.05 ? LEASE_MS * 1.5 : random() * 20);
      }
      await end(store, lease.job, 'SUCCEEDED', name, lease);
    };
    const end = async (store: BigtableJobStore, id: string, state: JobState, by: string, lease?: JobLease) => {
      const ended = await attempt(() => store.update(id, (record) => ({ ...record, state, result: by }), lease));
      if (ended && isTerminalState(ended.state)) ends.set(id, [...(ends.get(id) ?? []), ended]);
    };

    const working = stores.map((store, index) => work(store, `gateway-${index}`));
    const keys = Array.from({ length: 6 }, (_, index) => `key-${index}`);
    await Promise.all(keys.flatMap((key) => stores.map((store, index) => start(store, key, `${key}-of-${index}`))));
    const ids = [...keyed.values()].flatMap((kept) => [...kept]);
    // A client cancels some of them, without a lease, wherever they run.
    await Promise.all(ids.slice(0, 2).map((id, index) => end(stores[index]!, id, 'CANCELLED', 'client')));
    for (const { proxy } of gateways) proxy.decide = () => (random() < 0.7 ? undefined : randomFault(random));
    await until(async () => (await attempt(() => stores[0]!.listUnfinished()))?.length === 0);
    isOver = true;
    await Promise.all(working);
    for (const { proxy } of gateways) proxy.decide = () => undefined;

    // A key is one job for ever, and every acknowledged job is there once.
    expect([...keyed.values()].map(({ size }) => size)).toEqual(keys.map(() => 1));
    const listed = await stores[1]!.list({ filter: { target: 't' }, before: null, limit: 100 });
    expect(listed.map(({ id }) => id)).toEqual([...ids].sort().reverse());
    for (const record of listed) {
      const log = (record.checkpoint ?? []) as Log;
      // One owner: no earlier one wrote after a later owner had claimed the job.
      expect(log.map(({ token }) => token)).toEqual(log.map(({ token }) => token).sort((one, other) => one - other));
      // No write that was acknowledged is lost, and none is there twice.
      const writes = log.map(({ write }) => write);
      expect(new Set(writes).size).toBe(writes.length);
      expect(writes).toEqual(expect.arrayContaining(acknowledged.get(record.id) ?? []));
      // An end is written once: each gateway that ended the job saw the same end.
      for (const ended of ends.get(record.id) ?? []) expect(ended).toEqual(record);
    }
  });

  it('a write that was under way when its lease was taken changes nothing, however late it arrives', async () => {
    const slow = await openGateway();
    const other = await openGateway();
    await slow.store.create(jobRecord({ id: '1' }));
    const lease = (await slow.store.claim('1'))!;
    const gate = Promise.withResolvers<undefined>();
    let held = 0;
    slow.proxy.decide = (method) => {
      if (method !== 'CheckAndMutateRow') return undefined;
      held += 1;
      return gate.promise;
    };
    const write = slow.store.update('1', (record) => ({ ...record, result: 'late' }), lease);
    write.catch(() => undefined);
    await until(() => held > 0);
    let taken: JobLease | null = null;
    await until(async () => (taken = await other.store.claim('1')) !== null);
    expect(taken!.token).toBe(lease.token + 1);
    gate.resolve(undefined);
    await expect(write).rejects.toThrow(LeaseLost);
    expect(lease.lost.aborted).toBe(true);
    expect(await other.store.get('1')).toEqual(jobRecord({ id: '1' }));
    await other.store.update('1', (record) => ({ ...record, result: 'new' }), taken!);
  });

  it('a gateway that cannot show that it lives gives up its leases before others may take them', async () => {
    const lonely = await openGateway();
    const other = await openGateway();
    await lonely.store.create(jobRecord({ id: '1' }));
    const lease = (await lonely.store.claim('1'))!;
    const schedules = (await lonely.store.claimSchedules())!;
    lonely.proxy.decide = () => ({ kind: 'refused', status: GRPC_STATUS.UNAVAILABLE });
    expect(await other.store.claimSchedules()).toBeNull();
    let wasLostBefore = false;
    await until(async () => {
      wasLostBefore = lease.lost.aborted && schedules.lost.aborted;
      return (await other.store.claim('1')) !== null;
    });
    expect(wasLostBefore).toBe(true);
    await until(async () => (await other.store.claimSchedules()) !== null);
    lonely.proxy.decide = () => undefined;
    await expect(schedules.keep(1n)).rejects.toThrow(LeaseLost);
    await until(async () => (await attempt(() => lonely.store.claim('1'))) === null);
  });

  it('a gateway that was away and whose jobs no other one took runs them again itself', async () => {
    const { store, proxy } = await openGateway();
    await store.create(jobRecord({ id: '1' }));
    const lease = (await store.claim('1'))!;
    proxy.decide = () => ({ kind: 'refused', status: GRPC_STATUS.UNAVAILABLE });
    await until(() => lease.lost.aborted);
    proxy.decide = () => undefined;
    let again: JobLease | null | undefined = null;
    await until(async () => !!(again = await attempt(() => store.claim('1'))));
    expect(again!.token).toBe(lease.token + 1);
  });

  it('a job whose gateway ended between the key and the job exists for the next request with the key', async () => {
    const dying = await openGateway();
    const other = await openGateway();
    const record = jobRecord({ id: '1', idempotencyKey: 'key', spec: { rows: 5n } });
    let checks = 0;
    // Two rows of the index and the key come through; the row of the job does not.
    dying.proxy.decide = (method) =>
      method === 'CheckAndMutateRow' && (checks += 1) > 3
        ? { kind: 'refused', status: GRPC_STATUS.ABORTED + 1 }
        : undefined;
    await expect(dying.store.create(record)).rejects.toThrow();
    expect(await other.store.get('1')).toBeUndefined();
    expect((await other.store.create({ ...record, id: '2' })).id).toBe('1');
    expect(await other.store.get('1')).toEqual(record);
    expect((await other.store.listUnclaimed()).map(({ id }) => id)).toEqual(['1']);
  });

  it('the keeper of the schedules leaves how far it came to the next one', async () => {
    const [one, other] = [await openGateway(), await openGateway()];
    const first = (await one.store.claimSchedules())!;
    expect(first.keptUntil).toBeNull();
    await first.keep(123n);
    expect(await other.store.claimSchedules()).toBeNull();
    await first.release();
    expect((await other.store.claimSchedules())!.keptUntil).toBe(123n);
    await expect(first.keep(456n)).rejects.toThrow(LeaseLost);
  });
});

function append(record: JobRecord, token: number, write: string): JobRecord {
  if (isTerminalState(record.state)) return record;
  return { ...record, checkpoint: [...((record.checkpoint ?? []) as Log), { token, write }] };
}

/** undefined: the lease was lost, or the store did not answer, which says nothing of whether the change was made. */
async function attempt<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof LeaseLost || (error instanceof AppError && error.code === 'STORE_UNAVAILABLE'))
      return undefined;
    throw error;
  }
}

/** As a client does with the same key. */
async function repeat<Result>(run: () => Promise<Result>): Promise<Result> {
  for (;;) {
    const result = await attempt(run);
    if (result !== undefined) return result;
  }
}

const STATUSES = [GRPC_STATUS.UNAVAILABLE, GRPC_STATUS.ABORTED, GRPC_STATUS.INTERNAL];

async function randomFault(random: () => number): Promise<Fault | undefined> {
  const status = STATUSES[Math.floor(random() * STATUSES.length)]!;
  const dice = random();
  if (dice < 0.06) return { kind: 'refused', status };
  if (dice < 0.12) return { kind: 'answer lost', status };
  if (dice < 0.16) return { kind: 'slow', delayMs: random() * 100 };
  // Held back on its way to the server, while others overtake it.
  if (dice < 0.2) await sleep(random() * 200);
  return undefined;
}
