import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobState } from '../../../datasources/job-store/job-state.js';
import type { FeatureSource } from '../../../datasources/registry/model.js';
import { toModel } from '../../../datasources/registry/document/to-model.js';
import { registryDocument } from '../../../datasources/registry/document/document.js';
import { Registry } from '../../../datasources/registry/registry.js';
import { RefreshSchedules } from '../../../ingestion/refresh/refresh-schedules.js';
import type {
  SourceRefreshJobRecord,
  SourceRefreshes,
  StartSourceRefresh,
} from '../../../ingestion/source-refreshes.js';
import { jobRecord } from '../../support/job-record.js';

const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;

/** The port of refreshes, without refreshes: those that were started are as a test says. */
class AskedRefreshes implements SourceRefreshes {
  readonly started: StartSourceRefresh[] = [];
  last: SourceRefreshJobRecord | undefined;
  state: JobState = 'SUCCEEDED';

  async start(request: StartSourceRefresh): Promise<SourceRefreshJobRecord> {
    this.started.push(request);
    this.last = this.at(new Date().toISOString());
    return this.last;
  }

  async estimate(): Promise<never> {
    throw new Error('a schedule asks for no estimate');
  }

  async newest(): Promise<SourceRefreshJobRecord | undefined> {
    return this.last;
  }

  async freshness(): Promise<never> {
    throw new Error('a schedule asks for no freshness');
  }

  at(time: string): SourceRefreshJobRecord {
    return jobRecord({ state: this.state, createdAt: micros(time) }) as SourceRefreshJobRecord;
  }
}

function registryOf(refreshSchedule: string | null): Registry {
  const source = { name: 'orders', sql: 'orders.sql', refreshSchedule, features: [{ name: 'a', valueType: 'STRING' }] };
  const { featurestores } = registryDocument.parse({
    featurestores: [{ name: 'shop', entityTypes: [{ name: 'customer', sources: [source] }] }],
  });
  return new Registry(
    toModel(featurestores, { sqlTexts: new Map([['orders.sql', 'SELECT 1']]), tablePaths: new Map() }),
  );
}

let refreshes: AskedRefreshes;
let skipped: FeatureSource[];
let failed: unknown[];
let schedules: RefreshSchedules;
const keep = (schedule: string | null) => {
  schedules = new RefreshSchedules({
    since: null,
    registry: registryOf(schedule),
    refreshes,
    onSkip: (source) => skipped.push(source),
    onError: (error) => failed.push(error),
  });
};
const pass = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * 60_000);

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T12:30:00Z') });
  refreshes = new AskedRefreshes();
  skipped = [];
  failed = [];
});
afterEach(async () => {
  await schedules.stop();
  vi.useRealTimers();
});

it('starts a refresh of the source at each time of its schedule, each with a key of its own', async () => {
  keep('0 * * * *');
  await pass(91);
  expect(refreshes.started).toMatchObject([
    { source: 'orders', entityType: { name: 'customer' }, trigger: 'SCHEDULE', createdBy: 'schedule' },
    { trigger: 'SCHEDULE' },
  ]);
  expect(refreshes.started.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
    `refresh shop/customer/orders ${micros('2026-11-24T13:00:00Z')}`,
    `refresh shop/customer/orders ${micros('2026-11-24T14:00:00Z')}`,
  ]);
  expect(failed).toEqual([]);
});

it('leaves a refresh out while the one before has not ended', async () => {
  refreshes.state = 'RUNNING';
  keep('0 * * * *');
  await pass(151);
  expect([refreshes.started.length, skipped.map(({ name }) => name)]).toEqual([1, ['orders', 'orders']]);
});

it('makes up for a time at which no gateway ran, if the source was refreshed before', async () => {
  refreshes.last = refreshes.at('2026-11-24T11:00:00Z');
  keep('0 * * * *');
  await pass(0);
  expect(refreshes.started.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
    `refresh shop/customer/orders ${micros('2026-11-24T12:00:00Z')}`,
  ]);
});

it('has nothing to make up for after a refresh since the last time, and none to keep without a schedule', async () => {
  refreshes.last = refreshes.at('2026-11-24T12:10:00Z');
  keep('0 * * * *');
  await pass(0);
  await schedules.stop();
  keep(null);
  await pass(180);
  expect(refreshes.started).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
