import { describe, expect, it } from 'vitest';
import { waitForEnd, openLab, request, writeInput } from '../../support/batch-prediction-lab.js';
import { LINEAR_MODEL } from '../../support/linear-model.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { INSTANCES_SQL, files } from '../../support/linear-model-instances.js';

describe('retrying the failures of a batch prediction', () => {
  it.each(['PARQUET', 'JSONL'] as const)('predicts for those alone, under their numbers (%s)', async (format) => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a % 100n === 7n } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const output = { format, location: 'out' };
    const first = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet'), { output }))).id);
    lab.serving.faults.refuses = (a) => a === 107n;
    const origin = { createdBy: null, idempotencyKey: 'again' };
    const retry = await lab.batch.retryFailed(first, origin);
    expect((await lab.batch.retryFailed(first, origin)).id).toBe(retry.id);
    const second = await waitForEnd(lab, retry.id);
    expect(second).toMatchObject({ state: 'PARTIALLY_SUCCEEDED', progress: { completed: 9n, failed: 1n, total: 10n } });
    const predictions = await lab.batch.predictions(second, { after: null, limit: 2 });
    expect(predictions).toEqual([
      { instanceNumber: 7n, instance: { a: '7', b: 1.75, note: 'row "7' }, prediction: { y: 19.25, z: '7' } },
      { instanceNumber: 207n, instance: { a: '207', b: 51.75, note: 'row "207' }, prediction: { y: 569.25, z: '207' } },
    ]);
    const third = await waitForEnd(lab, (await lab.batch.retryFailed(second, { ...origin, idempotencyKey: null })).id);
    expect(third).toMatchObject({ state: 'FAILED', progress: { failed: 1n, total: 1n } });
  });

  it('refuses at once a job whose model has left the registry', async () => {
    const folder = temporaryFolder();
    const before = await openLab({ folder, faults: { refuses: (a) => a % 100n === 7n } });
    await writeInput(before, 'in.parquet', INSTANCES_SQL);
    const job = await waitForEnd(before, (await before.batch.start(request(files('in.parquet')))).id);
    await before.stop();
    const after = await openTestLab({ folder, model: { ...LINEAR_MODEL, name: 'another' } });
    const retry = after.batch.retryFailed(job, { createdBy: null, idempotencyKey: null });
    await expect(retry).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', details: { field: 'job' } });
    expect(await after.store.list({ filter: {}, before: null, limit: 10 })).toHaveLength(1);
  });

  it('refuses a job without failures', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet')))).id);
    const retry = lab.batch.retryFailed(job, { createdBy: null, idempotencyKey: null });
    await expect(retry).rejects.toThrow('nothing to retry');
  });
});
