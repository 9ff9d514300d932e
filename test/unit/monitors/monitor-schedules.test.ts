import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobState } from '../../../datasources/job-store/job-state.js';
import type { Monitor } from '../../../datasources/registry/model.js';
import { MonitorSchedules } from '../../../monitors/monitor-schedules.js';
import type { MonitorRunRecord, StartMonitorRun } from '../../../monitors/monitors.js';
import { jobRecord } from '../../support/job-record.js';
import { monitoredShop } from '../../support/monitored-shop.js';

const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;

let started: StartMonitorRun[];
let last: MonitorRunRecord | undefined;
let state: JobState;
let skipped: Monitor[];
let failed: unknown[];
let schedules: MonitorSchedules;

const runAt = (time: string) => jobRecord({ state, createdAt: micros(time) }) as MonitorRunRecord;
const keep = (schedule: string | null) => {
  schedules = new MonitorSchedules({
    since: null,
    registry: monitoredShop('https://alerts.example.com', { schedule }),
    monitors: {
      list: async () => (last ? [last] : []),
      start: async (request) => {
        started.push(request);
        return (last = runAt(new Date().toISOString()));
      },
    },
    onSkip: (monitor) => skipped.push(monitor),
    onError: (error) => failed.push(error),
  });
};
const pass = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * 60_000);

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T12:30:00Z') });
  [started, skipped, failed, last, state] = [[], [], [], undefined, 'SUCCEEDED'];
});
afterEach(async () => {
  await schedules.stop();
  vi.useRealTimers();
});

it('starts a run of the current moment at each time of the schedule, each with a key of its own', async () => {
  keep('0 * * * *');
  await pass(91);
  expect(started).toMatchObject([
    { monitor: { name: 'orders' }, at: null, trigger: 'SCHEDULE', createdBy: 'schedule' },
    { monitor: { name: 'orders' }, at: null, trigger: 'SCHEDULE', createdBy: 'schedule' },
  ]);
  expect(started.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
    `monitor shop/orders ${micros('2026-11-24T13:00:00Z')}`,
    `monitor shop/orders ${micros('2026-11-24T14:00:00Z')}`,
  ]);
  expect(failed).toEqual([]);
});

it('makes up for one time that passed while no gateway ran', async () => {
  last = runAt('2026-11-24T09:00:00Z');
  keep('0 * * * *');
  await pass(0);
  expect(started.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
    `monitor shop/orders ${micros('2026-11-24T12:00:00Z')}`,
  ]);
});

it('skips a time at which the run before has not ended', async () => {
  state = 'RUNNING';
  keep('0 * * * *');
  await pass(91);
  expect(started).toHaveLength(1);
  expect(skipped).toMatchObject([{ name: 'orders' }]);
});

it('starts nothing for a monitor without a schedule', async () => {
  keep(null);
  await pass(3_000);
  expect(started).toEqual([]);
});
