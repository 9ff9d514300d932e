import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { BatchOutput } from '../../../batch-prediction/batch-predictions.js';
import { waitForEnd, openLab, request, writeInput } from '../../support/batch-prediction-lab.js';
import { LOCAL_BATCH_PREDICTION } from '../../../batch-prediction/local/local-batch-prediction-job.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { INSTANCES_SQL, files, hurriedClock } from '../../support/linear-model-instances.js';

describe('a batch prediction that is taken up again', () => {
  it.each(['PARQUET', 'JSONL'] as const)('goes on where it was, and doubles and loses nothing (%s)', async (format) => {
    const folder = temporaryFolder();
    const first = await stoppedInTheMiddle(folder, { format, location: null });
    const second = await openTestLab({ folder });
    await second.engine.resume();
    const job = await waitForEnd(second, first.id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
    const page = await second.batch.predictions(job, { after: null, limit: 2000 });
    expect(page.map(({ instanceNumber }) => instanceNumber)).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i)));
    expect(second.serving.requests).toBeLessThan(100);
    expect(job.checkpoint?.parts.length).toBeGreaterThan(1);
  });

  it.each([
    ['goes on', 'STRING', 0],
    ['begins again where the columns had other types', 'STRUCT', 1000],
  ] as const)('from a checkpoint of an older version %s', async (_, note, predicted) => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    let done = 0;
    await second.store.update(id, (record) => {
      const checkpoint = LOCAL_BATCH_PREDICTION.read(record).checkpoint!;
      done = checkpoint.parts.at(-1)!.to + 1;
      const columns = [
        { name: 'a', valueType: 'INT64' },
        { name: 'b', valueType: 'DOUBLE' },
        { name: 'note', valueType: note },
      ];
      // It had no names.
      const fingerprint = checkpoint.fingerprint.replace('"in.csv" ', '');
      expect(fingerprint).toMatch(/^\d+ \d+$/);
      return { ...record, checkpoint: { ...checkpoint, columns, fingerprint } };
    });
    let instances = 0;
    second.serving.faults.onRequest = (batch) => void (instances += batch.instances.length);
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(second.errors).toEqual([]);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
    const page = await second.batch.predictions(job, { after: null, limit: 2000 });
    expect(page.map(({ instance }) => instance.note)).toEqual(Array.from({ length: 1000 }, (__, i) => `row "${i}`));
    expect(instances).toBe(predicted || 1000 - done);
  });

  it('fails when its input changed in between', async () => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    await writeInput(second, 'in.csv', 'SELECT 1 AS a, 2.5 AS b, NULL AS note');
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'INPUT_CHANGED' }, result: { isPartial: true } });
  });

  it('is wrapped up when it was being cancelled', async () => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    await second.store.update(id, (record) => ({ ...record, state: 'CANCELLING' }));
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(job).toMatchObject({ state: 'CANCELLED', result: { isPartial: true } });
    const kept = await second.batch.predictions(job, { after: null, limit: 1000 });
    expect(kept).toHaveLength(Number(job.progress.completed));
    expect(second.serving.requests).toBe(0);
  });

  it('that is given up keeps what there was and says that it is not all', async () => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    await second.store.update(id, (record) => ({ ...record, attempts: 25 }));
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' }, result: { isPartial: true } });
    const kept = await second.batch.predictions(job, { after: null, limit: 1000 });
    expect(kept).toHaveLength(Number(job.progress.completed));
    expect(second.serving.requests).toBe(0);
  });
});

/** A job over in.csv whose process ended after some parts were kept, and before half of it was done. */
async function stoppedInTheMiddle(
  folder: string,
  output: BatchOutput = { format: 'PARQUET', location: null },
): Promise<{ id: string }> {
  const lab = await openLab({ folder, clock: hurriedClock() });
  await writeInput(lab, 'in.csv', INSTANCES_SQL);
  lab.serving.faults.onRequest = async ({ instances, signal }) => {
    if ((instances[0]!.a as bigint) >= 500n) await once(signal, 'abort');
  };
  const { id } = await lab.batch.start(request(files('in.csv'), { output }));
  for await (const { progress } of (await lab.engine.follow(id))!) if (progress.completed > 100n) break;
  await lab.stop();
  return { id };
}
