import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitForEnd, request, writeInput, type BatchPredictionLab } from '../../support/batch-prediction-lab.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { INSTANCES_SQL, files } from '../../support/linear-model-instances.js';

describe('the output of a batch prediction', () => {
  describe('to a table', () => {
    const rowsOf = (lab: BatchPredictionLab, sql: string) =>
      lab.offline.use(async (connection) => (await connection.runAndReadAll(sql)).getRowObjects());
    const table = (location: string | null) => ({ format: 'TABLE', location }) as const;

    it('has all its predictions in a table of the offline store, and its failures where they always are', async () => {
      const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a === 3n } });
      await writeInput(lab, 'in.parquet', INSTANCES_SQL);
      const started = await lab.batch.start(request(files('in.parquet'), { output: table('June') }));
      const job = await waitForEnd(lab, started.id);
      expect(lab.errors).toEqual([]);
      expect(job).toMatchObject({
        state: 'PARTIALLY_SUCCEEDED',
        result: { predictions: 'predictions.June', failures: `batch-predictions/${job.id}/errors-*.parquet` },
      });
      expect(
        await rowsOf(
          lab,
          'SELECT count(*) AS n, count(DISTINCT instance_number) AS d, sum(prediction.y) AS y, sum(instance.a) AS a FROM predictions.june',
        ),
      ).toEqual([{ n: 999n, d: 999n, y: 2.75 * (499_500 - 3), a: 499_497n }]);
      const page = await lab.batch.predictions(job, { after: 2n, limit: 1 });
      expect(page).toMatchObject([{ instanceNumber: 4n, prediction: { y: 11 } }]);
      expect(await lab.batch.failures(job, { after: null, limit: 10 })).toMatchObject([{ instanceNumber: 3n }]);
      expect(await lab.batch.metrics(job, [{ metric: 'COUNT', field: 'y', over: null }])).toEqual([999]);
      // It is an input like any other table, and its name is taken.
      const again = lab.batch.start(request(files('in.parquet'), { output: table('JUNE') }));
      await expect(again).rejects.toMatchObject({ details: { field: 'output.location' } });
    });

    it('is called after the job when it is not named', async () => {
      const lab = await openTestLab({ folder: temporaryFolder() });
      await writeInput(lab, 'in.parquet', INSTANCES_SQL);
      const { id } = await lab.batch.start(request(files('in.parquet'), { output: table(null) }));
      const name = `predictions.job_${id.replaceAll('-', '_')}`;
      expect((await waitForEnd(lab, id)).result).toMatchObject({ predictions: name });
      expect(await rowsOf(lab, `SELECT count(*) AS n FROM ${name}`)).toEqual([{ n: 1000n }]);
    });

    it('has what was predicted when it is cancelled, and no table when that is nothing', async () => {
      const lab = await openTestLab({ folder: temporaryFolder(), faults: { delayMs: 20 } });
      await writeInput(lab, 'in.parquet', INSTANCES_SQL);
      const output = { output: table('some'), batchSize: 10, replicas: 1 };
      const { id } = await lab.batch.start(request(files('in.parquet'), output));
      await until(async () => lab.serving.requests > 5);
      await lab.engine.cancel(id);
      const job = await waitForEnd(lab, id);
      expect(job).toMatchObject({ state: 'CANCELLED', result: { predictions: 'predictions.some', isPartial: true } });
      expect(await rowsOf(lab, 'SELECT count(*) AS n FROM predictions.some')).toEqual([{ n: job.progress.completed }]);
      lab.serving.faults.refuses = () => true;
      const none = await lab.batch.start(request(files('in.parquet'), { output: table('none') }));
      expect((await waitForEnd(lab, none.id)).state).toBe('FAILED');
      expect(await rowsOf(lab, `FROM duckdb_tables() WHERE table_name = 'none'`)).toEqual([]);
    });

    it('of two jobs that were started with one name only one has it', async () => {
      const lab = await openTestLab({ folder: temporaryFolder() });
      await writeInput(lab, 'in.parquet', INSTANCES_SQL);
      const start = () => lab.batch.start(request(files('in.parquet'), { output: table('one') }));
      const started = await Promise.all([start(), start()]);
      const jobs = await Promise.all(started.map(({ id }) => waitForEnd(lab, id)));
      expect(lab.errors).toEqual([]);
      expect(jobs.map(({ state }) => state).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
      expect(jobs.find(({ state }) => state === 'FAILED')!.error).toMatchObject({ code: 'OUTPUT_IN_USE' });
      expect(await rowsOf(lab, 'SELECT count(*) AS n FROM predictions.one')).toEqual([{ n: 1000n }]);
    });
  });

  it('leaves a folder with numbered parts and a manifest, and nothing else', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a === 3n } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(
      request(files('in.parquet'), { output: { format: 'JSONL', location: 'a/b' } }),
    );
    await waitForEnd(lab, started.id);
    const folder = join(lab.files.folder, 'a/b');
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ job: started.id, state: 'PARTIALLY_SUCCEEDED', total: 1000 });
    // A part ends by the clock, so a busy machine makes several.
    const parts = manifest.parts as {
      number: number;
      from: number;
      to: number;
      predictions: number;
      failures: number;
    }[];
    expect(parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1));
    expect(parts.map(({ from }) => from)).toEqual([0, ...parts.slice(0, -1).map(({ to }) => to + 1)]);
    expect(parts.map(({ from, to, predictions, failures }) => to - from + 1 - predictions - failures)).toEqual(
      parts.map(() => 0),
    );
    expect(parts.map(({ from, to, failures }) => failures === (from <= 3 && to >= 3 ? 1 : 0))).toEqual(
      parts.map(() => true),
    );
    expect(parts.at(-1)!.to).toBe(999);
    const names = parts.flatMap(({ number, predictions, failures }) => [
      ...(predictions > 0 ? [`predictions-${String(number).padStart(5, '0')}.jsonl`] : []),
      ...(failures > 0 ? [`errors-${String(number).padStart(5, '0')}.jsonl`] : []),
    ]);
    expect((await readdir(folder)).sort()).toEqual([...names, 'manifest.json'].sort());
  });
});
