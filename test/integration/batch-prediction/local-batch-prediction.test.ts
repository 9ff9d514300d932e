import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BatchFailure, ModelResponseFault } from '../../../batch-prediction/models/model-serving.js';
import { waitForEnd, openLab, request, writeInput } from '../../support/batch-prediction-lab.js';
import { LOCAL_BATCH_PREDICTION } from '../../../batch-prediction/local/local-batch-prediction-job.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { INSTANCES_SQL, files, hurriedClock } from '../../support/linear-model-instances.js';

describe('a batch prediction', () => {
  it.each(
    ['in.parquet', 'in.csv', 'in.jsonl'].flatMap((name) => [[name, 'PARQUET'] as const, [name, 'JSONL'] as const]),
  )('of %s to %s has one prediction an instance, in order, with the instance', async (name, format) => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, name, INSTANCES_SQL);
    const started = await lab.batch.start(request(files(name), { output: { format, location: 'out' }, batchSize: 7 }));
    const job = await waitForEnd(lab, started.id);
    expect(lab.errors).toEqual([]);
    expect(job).toMatchObject({
      state: 'SUCCEEDED',
      error: null,
      progress: { completed: 1000n, failed: 0n, total: 1000n },
      result: { predictions: `out/predictions-*.${format.toLowerCase()}`, failures: null, isPartial: false },
    });
    const page = await lab.batch.predictions(job, { after: null, limit: 1000 });
    expect(page.map(({ instanceNumber }) => instanceNumber)).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i)));
    expect(page[5]).toEqual({
      instanceNumber: 5n,
      instance: { a: '5', b: 1.25, note: 'row "5' },
      prediction: { y: 13.75, z: '5' },
    });
    const next = await lab.batch.predictions(job, { after: 5n, limit: 2 });
    expect(next.map(({ instanceNumber }) => instanceNumber)).toEqual([6n, 7n]);
  });

  it('whose process ends at any moment after its start is done by the next one', async () => {
    const folder = temporaryFolder();
    for (const milliseconds of [0, 0, 1, 2, 4, 8]) {
      const lab = await openLab({ folder });
      await writeInput(lab, 'in.parquet', INSTANCES_SQL);
      const { id } = await lab.batch.start(request(files('in.parquet')));
      await sleep(milliseconds);
      await lab.stop();
      const next = await openLab({ folder });
      await next.engine.resume();
      expect((await waitForEnd(next, id)).state).toBe('SUCCEEDED');
      await next.stop();
    }
  });

  it('keeps as many batches in flight as there are replicas, and no more', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { delayMs: 2 } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 20, replicas: 4 }));
    expect((await waitForEnd(lab, started.id)).state).toBe('SUCCEEDED');
    expect(lab.serving.mostInFlight).toBe(4);
    expect(lab.serving.parallelism).toBe(4);
    expect(lab.serving.batchSizes).toEqual(Array.from({ length: 50 }, () => 20));
    expect(lab.serving.closed).toBe(1);
  });

  it('retries a failed batch and loses nothing', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { failingRequests: 3 } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 500, replicas: 1 }));
    expect(await waitForEnd(lab, started.id)).toMatchObject({
      state: 'SUCCEEDED',
      progress: { completed: 1000n, failed: 0n },
    });
    expect(lab.serving.batchSizes).toEqual([500, 500, 500, 500, 500]);
  });

  it('halves a batch that keeps failing until the bad instances stand alone', async () => {
    const lab = await openTestLab({
      folder: temporaryFolder(),
      faults: { breaksBatch: (a) => a === 13n || a === 14n },
    });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 16, replicas: 1 }));
    const job = await waitForEnd(lab, started.id);
    expect(job).toMatchObject({
      state: 'PARTIALLY_SUCCEEDED',
      error: null,
      progress: { completed: 998n, failed: 2n, total: 1000n },
      result: { isPartial: false },
    });
    expect(await lab.batch.failures(job, { after: null, limit: 10 })).toEqual(
      [13n, 14n].map((instanceNumber) => ({
        instanceNumber,
        instance: { a: String(instanceNumber), b: Number(instanceNumber) / 4, note: `row "${instanceNumber}` },
        code: 'PREDICTION_FAILED',
        message: 'The model failed for this instance, alone and repeatedly.',
      })),
    );
    // Four tries of the batch, then halves, once each, and four tries of each of the two.
    expect(lab.serving.batchSizes.slice(0, 18)).toEqual([16, 16, 16, 16, 8, 8, 4, 4, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1]);
  });

  it('asks a model that keeps another contract once more, then ends the job and keeps what was predicted', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    let faults = 0;
    lab.serving.faults.onRequest = ({ instances }) => {
      if (instances[0]!.a !== 100n) return;
      faults += 1;
      throw new ModelResponseFault('The server gave 99 predictions for 100 instances.');
    };
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 100, replicas: 1 }));
    expect(await waitForEnd(lab, started.id)).toMatchObject({
      state: 'FAILED',
      error: {
        code: 'INVALID_MODEL_RESPONSE',
        message: expect.stringMatching(/^The server gave 99 predictions for 100 instances\. .* kept\./) as string,
      },
      progress: { completed: 100n, failed: 0n },
      result: { isPartial: true },
    });
    expect(faults).toBe(2);
  });

  it('goes on when a model keeps its contract the second time', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    let faults = 0;
    lab.serving.faults.onRequest = () => {
      faults += 1;
      if (faults % 2 === 1) throw new ModelResponseFault('The server gave no JSON.');
    };
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 500, replicas: 1 }));
    expect(await waitForEnd(lab, started.id)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n } });
  });

  it('says in a failure what the model says of itself', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    lab.serving.faults.onRequest = ({ instances }) => {
      if (instances.some(({ a }) => a === 13n)) throw new BatchFailure('The server failed (HTTP 500): out of memory.');
    };
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 100, replicas: 1 }));
    const job = await waitForEnd(lab, started.id);
    expect(await lab.batch.failures(job, { after: null, limit: 10 })).toMatchObject([
      {
        code: 'PREDICTION_FAILED',
        message:
          'The model failed for this instance, alone and repeatedly. The server failed (HTTP 500): out of memory.',
      },
    ]);
  });

  it('is not started with a model that does not fit', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    lab.serving.faults.checkFaults = [{ path: 'outputs[0]', message: 'the graph has no "y".' }];
    await expect(lab.batch.start(request(files('in.parquet')))).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: 'The model "linear" cannot be used. outputs[0]: the graph has no "y".',
      details: { field: 'model' },
    });
    expect(lab.serving.requests).toBe(0);
  });

  it('puts what the model says of single instances into the errors, and does not ask again', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a % 100n === 7n } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 100 }));
    const job = await waitForEnd(lab, started.id);
    expect(job).toMatchObject({ state: 'PARTIALLY_SUCCEEDED', progress: { completed: 990n, failed: 10n } });
    expect(lab.serving.requests).toBe(10);
    const page = await lab.batch.failures(job, { after: 107n, limit: 2 });
    expect(page.map(({ instanceNumber, code, message }) => [instanceNumber, code, message])).toEqual([
      [207n, 'INSTANCE_REFUSED', 'a of 207 is refused.'],
      [307n, 'INSTANCE_REFUSED', 'a of 307 is refused.'],
    ]);
  });

  it('fails when not one instance has a prediction, and says why each failed', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: () => true } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet')))).id);
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'ALL_INSTANCES_FAILED' },
      progress: { failed: 1000n },
    });
    expect(job.result).toMatchObject({ predictions: null, isPartial: false });
    expect(await lab.batch.failures(job, { after: 998n, limit: 5 })).toHaveLength(1);
  });

  it('fails with MODEL_UNAVAILABLE when the model stays away, marks no instance bad, and keeps what there was', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    lab.serving.faults.onRequest = ({ instances }) => {
      lab.serving.faults.isUnreachable = (instances[0]!.a as bigint) >= 500n;
    };
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet'), { replicas: 1 }))).id);
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'MODEL_UNAVAILABLE' },
      progress: { completed: 500n, failed: 0n, total: 1000n },
      result: { isPartial: true, failures: null },
    });
    expect(lab.serving.requests).toBe(50 + 4);
  });

  it('waits for a model that is away for a while', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), pace: { initialBackoffMs: 1, outageRetries: 10 } });
    let requests = 0;
    lab.serving.faults.onRequest = () => {
      requests += 1;
      lab.serving.faults.isUnreachable = requests > 3 && requests < 10;
    };
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet'), { replicas: 1 }))).id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, failed: 0n } });
  });

  it('ends when a model fails for everything from the start on, after a few instances and not after all', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { breaksBatch: () => true } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const asked = request(files('in.parquet'), { replicas: 1, batchSize: 64 });
    const job = await waitForEnd(lab, (await lab.batch.start(asked)).id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_UNAVAILABLE' }, progress: { completed: 0n } });
    expect(job.error!.message).not.toContain('http://');
    expect(lab.serving.requests).toBeLessThan(100);
  });

  it('that is cancelled keeps what there was and says that it is not all', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    lab.serving.faults.onRequest = async ({ instances }) => {
      if (instances[0]!.a === 500n) await lab.engine.cancel(id);
    };
    const { id } = await lab.batch.start(request(files('in.parquet'), { replicas: 1 }));
    const job = await waitForEnd(lab, id);
    expect(job).toMatchObject({ state: 'CANCELLED', error: null, result: { isPartial: true, failures: null } });
    expect(job.progress.completed).toBe(500n);
    expect(await lab.batch.predictions(job, { after: null, limit: 1000 })).toHaveLength(500);
  });

  it('shows what is durable while it runs', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), clock: hurriedClock() });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const seen: number[] = [];
    lab.serving.faults.onRequest = async () => {
      const job = LOCAL_BATCH_PREDICTION.read((await lab.store.get(id))!);
      seen.push((await lab.batch.predictions(job, { after: null, limit: 1000 })).length);
    };
    const { id } = await lab.batch.start(request(files('in.parquet'), { replicas: 1, batchSize: 50 }));
    expect((await waitForEnd(lab, id)).state).toBe('SUCCEEDED');
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(new Set(seen).size).toBeGreaterThan(2);
  });
});
