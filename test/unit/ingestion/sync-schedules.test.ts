import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SyncSchedules } from '../../../ingestion/sync/sync-schedules.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncs,
  StartFeatureViewSync,
} from '../../../ingestion/feature-view-syncs.js';
import type { JobState } from '../../../datasources/job-store/job-state.js';
import type { Registry } from '../../../datasources/registry/registry.js';
import { PLACE } from '../../support/google/vertex-world.js';
import { jobRecord } from '../../support/job-record.js';
import { testRegistry, type StoresInput } from '../../support/test-registry.js';

const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;

/** The port of syncs, without syncs: those that were started are as a test says. */
class AskedSyncs implements FeatureViewSyncs {
  readonly started: StartFeatureViewSync[] = [];
  jobs: FeatureViewSyncJobRecord[] = [];
  state: JobState = 'SUCCEEDED';

  async start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    this.started.push(request);
    const job = this.kept(micros(new Date().toISOString()));
    this.jobs.unshift(job);
    return job;
  }

  async work(): Promise<null> {
    return null;
  }

  async list(): Promise<FeatureViewSyncJobRecord[]> {
    return this.jobs;
  }

  async dataWatermark(): Promise<null> {
    return null;
  }

  kept(createdAt: bigint): FeatureViewSyncJobRecord {
    return jobRecord({ state: this.state, createdAt }) as FeatureViewSyncJobRecord;
  }
}

const registryOf = (schedule: string | null, stores: StoresInput = {}): Registry =>
  testRegistry({
    ...stores,
    name: 'shop',
    entityTypes: [{ name: 'customer', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] }],
    featureViews: [{ name: 'basket', entityType: 'customer', features: ['a'], schedule }],
  });

let syncs: AskedSyncs;
let skipped: number;
let failed: unknown[];
let schedules: SyncSchedules | undefined;
const keep = (registry: Registry, since: string | null = null) => {
  const onError = (error: unknown) => failed.push(error);
  schedules = new SyncSchedules({
    registry,
    since: since === null ? null : micros(since),
    syncs,
    onSkip: () => (skipped += 1),
    onError,
  });
};
/** As when so much time has passed, and all that was to happen has happened. */
const pass = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * 60_000);

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T12:30:00Z') });
  syncs = new AskedSyncs();
  skipped = 0;
  failed = [];
});
afterEach(async () => {
  await schedules?.stop();
  vi.useRealTimers();
});

describe('the schedule of a feature view', () => {
  it('starts a sync at each of its times, each with a key of its own', async () => {
    keep(registryOf('0 * * * *'));
    await pass(29);
    expect(syncs.started).toEqual([]);
    await pass(92);
    expect(syncs.started).toMatchObject([
      { view: { name: 'basket' }, trigger: 'SCHEDULE', createdBy: 'schedule', labels: {} },
      { trigger: 'SCHEDULE' },
    ]);
    expect(syncs.started.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      `shop/basket ${micros('2026-11-24T13:00:00Z')}`,
      `shop/basket ${micros('2026-11-24T14:00:00Z')}`,
    ]);
    expect(failed).toEqual([]);
  });

  it('leaves a sync out while the one before has not ended', async () => {
    syncs.state = 'RUNNING';
    keep(registryOf('0 * * * *'));
    await pass(151);
    expect([syncs.started.length, skipped]).toEqual([1, 2]);
  });

  it('makes up for a time at which no gateway ran, if the view was synced before', async () => {
    syncs.jobs = [syncs.kept(micros('2026-11-24T11:00:00Z'))];
    keep(registryOf('0 * * * *'));
    await pass(0);
    expect(syncs.started).toMatchObject([{ idempotencyKey: `shop/basket ${micros('2026-11-24T12:00:00Z')}` }]);
  });

  it.each([
    ['that was never synced', []],
    ['that was synced at its last time', ['2026-11-24T12:00:00Z']],
    ['that was synced since its last time', ['2026-11-24T12:15:00Z', '2026-11-24T10:00:00Z']],
  ])('has nothing to make up for of a view %s', async (_name, times) => {
    syncs.jobs = times.map((time) => syncs.kept(micros(time)));
    keep(registryOf('0 * * * *'));
    await pass(29);
    expect(syncs.started).toEqual([]);
  });

  it('makes up for the last time that a keeper before missed, also without a sync before, and for none that it kept', async () => {
    keep(registryOf('0 * * * *'), '2026-11-24T10:30:00Z');
    await pass(0);
    expect(syncs.started).toMatchObject([{ idempotencyKey: `shop/basket ${micros('2026-11-24T12:00:00Z')}` }]);
    await schedules?.stop();
    syncs.started.length = 0;
    keep(registryOf('0 * * * *'), '2026-11-24T12:00:00Z');
    await pass(29);
    expect(syncs.started).toEqual([]);
  });

  it('is kept by Vertex AI where that serves the view, and of none there is nothing to keep', async () => {
    const onlineStore = { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving' } as const;
    keep(registryOf('* * * * *', { onlineStore }));
    await schedules?.stop();
    keep(registryOf(null));
    await pass(3);
    expect(syncs.started).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on after a sync that could not be started', async () => {
    vi.spyOn(syncs, 'start').mockRejectedValueOnce(new Error('over the budget'));
    keep(registryOf('0 * * * *'));
    await pass(31);
    expect(failed).toMatchObject([{ message: 'over the budget' }]);
    await pass(60);
    expect(syncs.started).toHaveLength(1);
  });

  it('leaves no timer behind when it is stopped', async () => {
    keep(registryOf('0 * * * *'));
    await schedules?.stop();
    expect(vi.getTimerCount()).toBe(0);
    await pass(120);
    expect(syncs.started).toEqual([]);
  });
});
