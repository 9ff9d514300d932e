import { describe, expect, it, onTestFinished } from 'vitest';
import { measuredBatch, type ModelRun } from '../../../costs/model-cost-history.js';
import { openTestCosts } from '../../support/costs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const run = (job: string, more: Partial<ModelRun> = {}): ModelRun => ({
  job,
  model: 'relevance',
  machineType: 'n1-standard-4',
  acceleratorType: null,
  acceleratorCount: null,
  batchSize: 64,
  rows: 640n,
  workSeconds: 20,
  replicaHours: 0.1,
  estimatedUsd: 1,
  actualUsd: 1.5,
  endedAt: 1_700_000_000_123_456n,
  ...more,
});
const MACHINE = { machineType: 'n1-standard-4', acceleratorType: null, acceleratorCount: null, batchSize: 64 };
const seconds = (...runs: ModelRun[]) => measuredBatch(runs, MACHINE)?.secondsPerBatch.toNumber();

async function open(folder: string) {
  const costs = await openTestCosts({ folder });
  onTestFinished(() => costs.close());
  return costs;
}

describe('the runs of a model', () => {
  it('come newest first, each once, and are there in the next process', async () => {
    const folder = temporaryFolder();
    const before = await open(folder);
    await before.history.record(run('job-2', { rows: 2n ** 53n + 1n }));
    await before.history.record(run('job-1'));
    await before.history.record(run('job-2', { rows: 2n ** 53n + 1n }));
    await before.history.record(run('job-3', { model: 'relevance2' }));
    await before.close();
    const { history } = await open(folder);
    const runs = await history.runs('relevance');
    expect(runs).toEqual([run('job-2', { rows: 2n ** 53n + 1n }), run('job-1')]);
    expect(await history.runs('relevance2')).toHaveLength(1);
    expect(await history.runs('nobody')).toEqual([]);
  });

  it('are kept up to fifty', async () => {
    const { history } = await open(temporaryFolder());
    const ids = Array.from({ length: 60 }, (_, index) => `job-${String(index).padStart(3, '0')}`);
    for (const id of ids) await history.record(run(id));
    expect((await history.runs('relevance')).map(({ job }) => job)).toEqual(ids.slice(10).toReversed());
  });
});

describe('what a batch took', () => {
  it('is the middle of the newest five on the same machine', () => {
    const of = (workSeconds: number) => run(String(workSeconds), { workSeconds });
    expect(seconds(of(20))).toBe(2);
    expect(seconds(of(20), of(30))).toBe(2.5);
    expect(seconds(of(20), of(9000), of(30))).toBe(3);
    expect(seconds(of(10), of(10), of(10), of(20), of(20), of(20), of(20), of(20), of(20))).toBe(1);
  });

  it('counts a batch that was not full', () => {
    expect(seconds(run('a', { rows: 65n, workSeconds: 4 }))).toBe(2);
  });

  it('looks at no other machine, and at jobs of no rows never', () => {
    expect(seconds(run('a', { machineType: 'n1-standard-8' }))).toBeUndefined();
    expect(seconds(run('a', { acceleratorType: 'NVIDIA_TESLA_T4' }))).toBeUndefined();
    expect(seconds(run('a', { acceleratorCount: 2 }))).toBeUndefined();
    expect(seconds(run('a', { rows: 0n }))).toBeUndefined();
    expect(seconds()).toBeUndefined();
  });

  it('is scaled by rows from another batch size, when there is no run of the same', () => {
    const other = run('a', { batchSize: 1, rows: 100n, workSeconds: 50 });
    expect(seconds(other)).toBe(32);
    expect(seconds(other, run('b', { workSeconds: 20 }))).toBe(2);
    expect(measuredBatch([other], MACHINE)!.origin).toBe(
      'measured, in one past job with another batch size, by their rows',
    );
  });
});

describe('an estimate learns', () => {
  it('from the jobs of the model that ended', async () => {
    const { estimator, history } = await open(temporaryFolder());
    const request = { rows: 640n, model: 'relevance', machineType: 'n1-standard-4' };
    await expect(estimator.batchPrediction(request)).rejects.toMatchObject({ details: { field: 'secondsPerBatch' } });
    await history.record(run('job-1', { workSeconds: 600 }));
    const { total, assumptions } = await estimator.batchPrediction(request);
    expect(total.toNumber()).toBe(0.05475);
    expect(assumptions[0]).toBe('A batch of 64 rows takes 60 s on one replica: measured, in one past job.');
    expect(assumptions).toContain('These jobs cost 1.5 times what was estimated for them.');
    // The first machine of the book is this one.
    const unnamed = await estimator.batchPrediction({ ...request, machineType: null });
    expect(unnamed.total.toNumber()).toBe(0.05475);
    const given = await estimator.batchPrediction({ ...request, secondsPerBatch: 6 });
    expect(given.total.toNumber()).toBeCloseTo(0.0219, 9);
    const comparison = await estimator.compareServing({ ...request, predictions: 640n });
    expect(comparison.batch.total.toNumber()).toBe(0.05475);
  });

  it('and until then rests on what the caller assumes', async () => {
    const { estimator } = await open(temporaryFolder());
    const { assumptions } = await estimator.batchPrediction({
      rows: 640n,
      model: 'relevance',
      assumedSecondsPerBatch: 60,
    });
    expect(assumptions[0]).toMatch(
      /takes 60 s on one replica: assumed, as no job of this model on this machine has ended/,
    );
  });
});

it('how far estimates were off is the middle of the newest jobs', () => {
  const off = (...runs: ModelRun[]) => measuredBatch(runs, MACHINE)!.actualToEstimated?.toNumber();
  expect(off(run('a'), run('b', { actualUsd: 9 }), run('c', { actualUsd: 1 }))).toBe(1.5);
  expect(off(run('a', { estimatedUsd: 0 }))).toBeUndefined();
  expect(off(run('a', { estimatedUsd: 0 }), run('b', { actualUsd: 2 }))).toBe(2);
});
