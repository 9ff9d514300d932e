import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BatchPredictionRequest } from '../../../batch-prediction/batch-predictions.js';
import { AppError } from '../../../errors/app-error.js';
import { waitForEnd, request, writeInput } from '../../support/batch-prediction-lab.js';
import { LOCAL_BATCH_PREDICTION } from '../../../batch-prediction/local/local-batch-prediction-job.js';
import { jobRecord } from '../../support/job-record.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { INSTANCES_SQL, files, trainingSet } from '../../support/linear-model-instances.js';

describe('a request for a batch prediction', () => {
  it('is refused before anything starts, with the field and what is wrong with it', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    await writeInput(lab, 'lacks.csv', 'SELECT 1 AS c');
    await writeInput(lab, 'lacks.jsonl', 'SELECT 1 AS b');
    await writeInput(lab, 'typed.parquet', `SELECT DATE '2024-01-05' AS a, 1.5 AS b`);
    writeFileSync(join(lab.files.folder, 'broken.parquet'), 'not parquet');
    const running = await lab.store.create({ ...trainingSet('PARQUET', 'in.parquet'), state: 'RUNNING' });
    const refusal = async (asked: BatchPredictionRequest): Promise<unknown> =>
      lab.batch.start(asked).then(
        () => 'started',
        (error: unknown) =>
          error instanceof AppError ? { code: error.code, ...error.details, message: error.message } : error,
      );
    const good = files('in.parquet');
    expect(await refusal(request(files('lacks.csv')))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.files',
      missingColumns: ['a', 'b'],
    });
    expect(await refusal(request(files('lacks.jsonl')))).toMatchObject({ missingColumns: ['a'] });
    expect(await refusal(request(files('typed.parquet')))).toMatchObject({
      field: 'input.files',
      message: expect.stringContaining('a is DATE, not INT64'),
    });
    const broken = await refusal(request(files('broken.parquet')));
    expect(broken).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: '"broken.parquet": it is not a Parquet file: it does not begin with PAR1.',
    });
    expect(await refusal(request(files('none.parquet')))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      field: 'input.files',
    });
    expect(await refusal(request(files('../x.parquet')))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.files',
    });
    expect(await refusal(request({ kind: 'TABLE', table: 'x"; DROP' }))).toMatchObject({ code: 'TABLE_NOT_FOUND' });
    expect(await refusal(request({ kind: 'TRAINING_SET', job: 'none' }))).toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect(await refusal(request({ kind: 'TRAINING_SET', job: running.id }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.trainingSetJob',
    });
    expect(await refusal(request(good, { batchSize: 0 }))).toMatchObject({ field: 'batchSize' });
    expect(await refusal(request(good, { replicas: 65 }))).toMatchObject({ field: 'startingReplicaCount' });
    for (const location of ['', 'a.b', 'x"; DROP', '1st', 'a'.repeat(64)]) {
      expect(await refusal(request(good, { output: { format: 'TABLE', location } }))).toMatchObject({
        field: 'output.location',
      });
    }
    for (const location of ['../out', '/tmp/out', '.', 'in.parquet']) {
      expect(await refusal(request(good, { output: { format: 'JSONL', location } }))).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'output.location',
      });
    }
    const kept = await lab.store.list({ filter: {}, before: null, limit: 10 });
    expect(kept.map(({ kind }) => kind)).toEqual(['TRAINING_SET']);
  });

  it('sent again finds its job, also when its input is gone and its folder is no longer empty', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.csv', INSTANCES_SQL);
    const output = { format: 'JSONL', location: 'out' } as const;
    const asked = request(files('in.csv'), { output, idempotencyKey: 'once' });
    const first = await lab.batch.start(asked);
    await waitForEnd(lab, first.id);
    await rm(join(lab.files.folder, 'in.csv'));
    expect(await lab.batch.start(asked)).toMatchObject({ id: first.id, state: 'SUCCEEDED' });
    const other = request(files('in.csv'), { output, idempotencyKey: 'once', batchSize: 11 });
    await expect(lab.batch.start(other)).rejects.toMatchObject({ details: { field: 'idempotencyKey' } });
    const anew = lab.batch.start({ ...asked, idempotencyKey: null });
    await expect(anew).rejects.toMatchObject({ details: { field: 'output.location' } });
  });

  it('for a folder that another job took in the meantime fails instead of mixing both', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const output = { format: 'PARQUET', location: 'out' } as const;
    const { spec, model } = request(files('in.parquet'), { output });
    const { kind, handler } = LOCAL_BATCH_PREDICTION;
    // Past the check of the folder, as two requests that race would be.
    const asked = { kind, handler, spec: { ...spec, modelSnapshot: model } };
    const both = await Promise.all(['1', '2'].map((id) => lab.store.create(jobRecord({ id, ...asked }))));
    await lab.engine.resume();
    const states = await Promise.all(both.map(async ({ id }) => (await waitForEnd(lab, id)).error?.code ?? 'fine'));
    expect(states.sort()).toEqual(['OUTPUT_IN_USE', 'fine']);
  });
});
