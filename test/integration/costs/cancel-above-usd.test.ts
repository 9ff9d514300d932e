import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JobAccounting } from '../../../costs/job-accounting.js';
import type { BatchWork, ScanWork } from '../../../datasources/job-store/job-cost.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import type { JobControl, JobOutcome } from '../../../jobs/job-handler.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import { HOUR_OF_BATCHES } from '../../support/batch-work.js';
import { openTestCosts } from '../../support/costs.js';
import { CountableWork, type PlannedRequest } from '../../support/countable-work.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { waitForEnd } from '../../support/training-set-dependencies.js';
import { until } from '../../support/until.js';

/** What a warehouse bills: $6.25 for 2^40 bytes in us-central1. */
const TIB = 2n ** 40n;
const QUERIES: ScanWork = { kind: 'SCAN', bytes: 2n * TIB, isMetered: true, priceBook: null, location: 'us-central1' };

/** Its runner says how many hours it has used. */
class HourlyWork extends CountableWork {
  hours: number | null = null;
  hoursSoFar: number | null = null;

  replicaHours(): number | null {
    return this.hours;
  }

  replicaHoursSoFar(): number | null {
    return this.hoursSoFar ?? this.hours;
  }
}

/** Runs queries that a warehouse bills, one after the other, each of so many bytes and with so large an estimate. */
class QueryingWork extends CountableWork {
  readonly maxima: (bigint | null)[] = [];
  queries: readonly { readonly billed: bigint | null; readonly atMost: bigint }[] = [];

  override async run(_job: unknown, control: JobControl): Promise<JobOutcome> {
    const progress = { completed: 0n, failed: 0n, total: null };
    try {
      for (const [index, { billed, atMost }] of this.queries.entries()) {
        const location = 'us-central1';
        const query = await control.payer.admit({
          query: { project: 'p', location, id: `query-${index}` },
          location,
          minimumBytes: 10_485_760n,
        });
        this.maxima.push(query.maximumBytes);
        const isRefused = query.maximumBytes !== null && atMost > query.maximumBytes;
        // As a store does: the bill comes after the answer.
        setTimeout(() => void query.settle(isRefused ? 0n : billed), 5);
        if (isRefused) throw await query.refusal(new Error('bytesBilledLimitExceeded'));
      }
    } catch (error) {
      if (!control.signal.aborted) throw error;
      return { state: 'CANCELLED', result: null, progress };
    }
    return { state: 'SUCCEEDED', result: null, progress };
  }
}

async function openEngine<Work extends CountableWork>(handler: Work) {
  const folder = temporaryFolder();
  const costs = await openTestCosts({ folder: join(folder, 'costs') });
  const engine = new JobEngine({
    store: new LmdbJobStore(join(folder, 'jobs')),
    handlers: [handler],
    clock: () => 0n,
    newId: newJobId,
    maxRunning: 1,
    costLookMs: 5,
    accounting: new JobAccounting(costs, () => 0n),
    onError: (error) => {
      throw error;
    },
  });
  onTestFinished(async () => {
    await engine.stop();
    await costs.close();
  });
  const start = async (work: BatchWork | ScanWork, cancelAboveUsd: number | null) => {
    const request: PlannedRequest = {
      spec: null,
      displayName: null,
      labels: {},
      createdBy: 'ada',
      idempotencyKey: null,
      cancelAboveUsd,
      work: async () => work,
    };
    return engine.start(handler, request);
  };
  return { engine, costs, start };
}

describe('a job with cancelAboveUsd', () => {
  it('runs while its replica hours cost as much, and is cancelled when they cost more', async () => {
    const handler = new HourlyWork('BATCH_PREDICTION');
    const { engine, costs, start } = await openEngine(handler);
    const { id } = await start(HOUR_OF_BATCHES, 0.438);
    handler.begin(3600n).count(10n);
    // Two hours of an n1-standard-4 are $0.438, no more.
    handler.hours = 2;
    await until(async () => (await engine.get(id))?.state === 'RUNNING');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await engine.get(id))?.state).toBe('RUNNING');
    handler.hours = 2.5;
    const ended = await waitForEnd(engine, id);
    expect(ended).toMatchObject({
      state: 'CANCELLED',
      progress: { completed: 10n },
      error: {
        code: 'COST_OVER_LIMIT',
        message: 'The job had cost $0.5475, more than the $0.438 that "cancelAboveUsd" allows.',
      },
    });
    expect((await costs.guard.usage('ada')).spent.toNumber()).toBeCloseTo(2.5 * 0.219, 9);
  });

  it('counts the hours that are not reported yet', async () => {
    const handler = new HourlyWork('BATCH_PREDICTION');
    const { engine, start } = await openEngine(handler);
    const { id } = await start(HOUR_OF_BATCHES, 1);
    handler.hoursSoFar = 5;
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'CANCELLED', error: { code: 'COST_OVER_LIMIT' } });
  });

  it('is not ended by a cost that is not known, and its owner can cancel it as ever', async () => {
    const handler = new HourlyWork('BATCH_PREDICTION');
    const { engine, start } = await openEngine(handler);
    const { id } = await start(HOUR_OF_BATCHES, 0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await engine.cancel(id);
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'CANCELLED', error: null });
  });

  it('gives each query what is left, counts what it was billed, and is charged that', async () => {
    const handler = new QueryingWork('TRAINING_SET');
    handler.queries = [
      { billed: TIB, atMost: TIB },
      { billed: TIB / 2n, atMost: TIB },
    ];
    const { engine, costs, start } = await openEngine(handler);
    const { id } = await start(QUERIES, 12.5);
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'SUCCEEDED', cost: { billedBytes: (3n * TIB) / 2n } });
    expect(handler.maxima[0]).toBe(2n * TIB);
    const { spent, billedBytes } = await costs.guard.usage('ada');
    expect([spent.toNumber(), billedBytes]).toEqual([9.375, (3n * TIB) / 2n]);
  });

  it('is cancelled by the query that could bring it above the amount, which BigQuery refuses unbilled', async () => {
    const handler = new QueryingWork('TRAINING_SET');
    handler.queries = [{ billed: 4n * TIB, atMost: 4n * TIB }];
    const { engine, costs, start } = await openEngine(handler);
    const { id } = await start(QUERIES, 12.5);
    expect(await waitForEnd(engine, id)).toMatchObject({
      state: 'CANCELLED',
      error: {
        code: 'COST_OVER_LIMIT',
        message:
          'The job had cost $0.00, and its next query could have cost more than is left of the $12.50 that "cancelAboveUsd" allows.',
      },
    });
    expect((await costs.guard.usage('ada')).spent.toNumber()).toBe(0);
  });

  it('sends no query when less is left than the least that it costs', async () => {
    const handler = new QueryingWork('TRAINING_SET');
    handler.queries = [{ billed: 1n, atMost: 1n }];
    const { engine, start } = await openEngine(handler);
    const { id } = await start(QUERIES, 0);
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'CANCELLED', error: { code: 'COST_OVER_LIMIT' } });
    expect(handler.maxima).toEqual([]);
  });

  it('refuses an amount that is no number of dollars', async () => {
    const { start } = await openEngine(new CountableWork('BATCH_PREDICTION'));
    await expect(start(HOUR_OF_BATCHES, -1)).rejects.toMatchObject({ details: { field: 'cancelAboveUsd' } });
  });
});

describe('a job without it', () => {
  it('is charged the least of a query whose bill is not known', async () => {
    const handler = new QueryingWork('TRAINING_SET');
    handler.queries = [{ billed: null, atMost: 1n }];
    const { engine, costs, start } = await openEngine(handler);
    const { id } = await start(QUERIES, null);
    expect((await waitForEnd(engine, id)).state).toBe('SUCCEEDED');
    expect(handler.maxima).toEqual([null]);
    expect((await costs.guard.usage('ada')).billedBytes).toBe(10_485_760n);
  });
});
