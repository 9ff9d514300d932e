import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TableAddress } from '../../../datasources/google/bigtable/client.js';
import { GRPC_STATUS } from '../../../datasources/google/grpc-status.js';
import type { BigtableJobStore } from '../../../datasources/job-store/bigtable/bigtable-job-store.js';
import { JobSchedules } from '../../../ingestion/job-schedules.js';
import { ScheduleKeeper } from '../../../ingestion/schedule-keeper.js';
import { systemClock } from '../../../values/clock.js';
import type { Instant } from '../../../values/instant.js';
import {
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../../support/google/bigtable-job-store.js';
import { startFaultProxy } from '../../support/google/fault-proxy.js';
import { jobRecord } from '../../support/job-record.js';
import { until } from '../../support/until.js';

const LEASE_MS = 1_500;
/** The look of a keeper is three of the store's: tests wait less. */
const LOOK_MS = 50;
const HOUR_MICROS = 3_600_000_000n;
/** Once a year, on the day before today: the last time has passed, and the next one is far. */
const YESTERDAY = new Date(Date.now() - 86_400_000);
const SCHEDULE = `0 0 ${YESTERDAY.getUTCDate()} ${YESTERDAY.getUTCMonth() + 1} *`;

interface Gateway {
  readonly keeper: ScheduleKeeper;
  readonly store: BigtableJobStore;
  /** Whether it keeps the schedules, as it was told. */
  readonly changes: boolean[];
  /** From when on it makes up for missed times, at each beginning. */
  readonly begins: (Instant | null)[];
  /** The times whose jobs it started, whether or not another gateway had. */
  readonly started: (Instant | null)[];
  /** Nothing of it reaches the table any more. */
  cutOff(): void;
}

describeWithBigtable('the schedules of several gateways', () => {
  let emulator: BigtableEmulator;
  let table: TableAddress;
  let opened: AsyncDisposableStack;
  let ids = 0;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());
  beforeEach(async ({ onTestFinished }) => {
    table = await createJobsTable(emulator);
    opened = new AsyncDisposableStack();
    onTestFinished(() => opened.disposeAsync());
  });

  async function openGateway(clock = systemClock): Promise<Gateway> {
    const proxy = await startFaultProxy(emulator.endpoint);
    opened.defer(() => proxy.stop());
    const store = await openJobStore({ ...emulator, endpoint: proxy.endpoint }, table, {
      leaseMs: LEASE_MS,
      deadlineMs: 5_000,
    });
    opened.defer(() => store.close());
    const changes: boolean[] = [];
    const begins: (Instant | null)[] = [];
    const started: (Instant | null)[] = [];
    const start = async (time: Instant | null): Promise<void> => {
      started.push(time);
      await store.create(jobRecord({ id: `job-${(ids += 1)}`, idempotencyKey: `schedule-${String(time)}` }));
    };
    const keeper = new ScheduleKeeper({
      store: { claimSchedules: () => store.claimSchedules(), lookEveryMs: LOOK_MS },
      startAll: (since) => {
        begins.push(since);
        const ignore = (): void => undefined;
        const newest = async () => (await store.list({ filter: {}, before: null, limit: 1 }))[0];
        const ended = async () => {
          const job = await newest();
          return job && { ...job, state: 'SUCCEEDED' as const };
        };
        return [
          new JobSchedules([{ schedule: SCHEDULE, newest: ended, start, onSkip: ignore, onError: ignore }], since),
        ];
      },
      clock,
      onChange: (isKeeper) => changes.push(isKeeper),
      onError: () => undefined,
    });
    opened.defer(() => keeper.stop());
    const cutOff = (): void => {
      proxy.decide = () => ({ kind: 'refused', status: GRPC_STATUS.UNAVAILABLE });
    };
    opened.defer(async () => void (proxy.decide = () => undefined));
    return { keeper, store, changes, begins, started, cutOff };
  }

  const jobs = async ({ store }: Gateway) =>
    (await store.list({ filter: {}, before: null, limit: 9 })).map(({ idempotencyKey }) => idempotencyKey);

  it('are kept by one gateway, and by the next one when it stops', async () => {
    const [first, second] = [await openGateway(), await openGateway()];
    await first.keeper.start();
    await second.keeper.start();
    expect([first.changes, second.changes]).toEqual([[true], []]);
    await first.keeper.stop();
    await until(() => second.changes.length > 0);
    expect(second.changes).toEqual([true]);
    expect(first.begins).toEqual([null]);
  });

  it('are taken over from a gateway that died, which makes up for a missed time once', async () => {
    // Two days ago, the first gateway had kept all.
    const twoDaysAgo = systemClock() - 48n * HOUR_MICROS;
    const [first, second] = [await openGateway(() => twoDaysAgo), await openGateway()];
    await first.keeper.start();
    await second.keeper.start();
    // Its second turn stores how far it came.
    await new Promise((resolve) => setTimeout(resolve, 10 * LOOK_MS));
    first.cutOff();
    await until(() => second.changes.length > 0);
    // The dead one notices it too, and has started nothing.
    await until(() => first.changes.length === 2);
    expect([first.changes, first.started]).toEqual([[true, false], []]);
    expect(second.begins).toEqual([twoDaysAgo - 60_000_000n]);
    await until(async () => (await jobs(second)).length > 0);
    const [time] = second.started;
    expect(await jobs(second)).toEqual([`schedule-${String(time)}`]);

    // A third one takes over before that was stored: it starts the time again, which is one job.
    await second.keeper.stop();
    const third = await openGateway();
    await third.keeper.start();
    await until(() => third.changes.length > 0);
    expect(third.begins.length).toBe(1);
    expect(await jobs(third)).toEqual([`schedule-${String(time)}`]);
  });
});
