import { describe, expect, it } from 'vitest';
import type { BatchInput } from '../../../batch-prediction/batch-predictions.js';
import {
  eventually,
  REQUEST,
  SPEC,
  SUCCEEDED,
  useBatchPredictionsOnVertex,
} from '../../support/google/vertex/batch-predictions-on-vertex.js';

describe('the cost of a batch prediction on Vertex AI', () => {
  const vertex = useBatchPredictionsOnVertex();

  it('costs what Vertex AI says it used, by the machine asked for, and teaches the next estimate', async () => {
    const table = 'demo-project.work.instances';
    const request = { ...REQUEST, spec: { ...SPEC, input: { kind: 'TABLE', table } as const } };
    await expect(vertex.now.predictions.start({ ...request, maxCostUsd: 0.01 })).rejects.toMatchObject({
      code: 'COST_OVER_LIMIT',
    });
    const job = await vertex.now.predictions.start(request);
    // 3 batches of 8 at an assumed second each, and 5 replicas that start for 5 minutes.
    expect(
      job.cost?.estimate.lines.map(({ description, quantity }) => [description, Number(quantity).toFixed(6)]),
    ).toEqual([
      ['Prediction machine (n1-standard-8), predicting', (3 / 3600).toFixed(6)],
      [expect.stringContaining('predicting'), (3 / 3600).toFixed(6)],
      ['Prediction machine (n1-standard-8), starting', (25 / 60).toFixed(6)],
      [expect.stringContaining('starting'), (25 / 60).toFixed(6)],
    ]);
    expect(vertex.now.costSoFar(job)).toBeNull();
    const { name } = await vertex.now.created();
    vertex.now.world.advance(name, SUCCEEDED);
    const done = await vertex.now.ended(job.id);
    const { total } = vertex.now.costs.estimator.costSoFar({ ...done.cost!.work, replicaHours: 0.5 });
    expect(vertex.now.costSoFar(done)?.total).toEqual(total);
    expect(total.toNumber()).toBeGreaterThan(0.3);
    expect(await vertex.now.costs.history.runs(SPEC.model)).toMatchObject([
      {
        job: job.id,
        machineType: 'n1-standard-8',
        acceleratorType: 'NVIDIA_TESLA_T4',
        batchSize: 8,
        rows: 3n,
        replicaHours: 0.5,
        // Without the start-up of five replicas.
        workSeconds: expect.closeTo((0.5 - 25 / 60) * 3600, 6),
        actualUsd: total.toNumber(),
      },
    ]);
    const next = await vertex.now.predictions.start({ ...request, idempotencyKey: 'july-1' });
    expect(next.cost?.estimate.assumptions.join()).toContain('300 s on one replica: measured, in one past job');
  });

  it.each<[string, BatchInput]>([
    ['files', SPEC.input],
    ['a view', { kind: 'TABLE', table: 'demo-project.work.a_view' }],
    ['a table the gateway may not look at', { kind: 'TABLE', table: 'demo-project.work.hidden' }],
  ])('is estimated at its least for %s, whose rows are not known, and can promise no limit', async (_what, input) => {
    const request = { ...REQUEST, spec: { ...SPEC, input } };
    await expect(vertex.now.predictions.start({ ...request, maxCostUsd: 100 })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'maxCostUsd' },
    });
    const { cost } = await vertex.now.predictions.start(request);
    expect(cost?.estimate.assumptions[0]).toMatch(/^At least/);
    expect(Number(cost?.estimate.total)).toBeGreaterThan(0);
    expect(cost?.estimate.perPrediction).toBeNull();
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['that Vertex AI reports', { resourcesConsumed: { replicaHours: 1.2 } }],
    // Five replicas that began a quarter of an hour before the clock of this gateway.
    ['since its start, while Vertex AI reports none', { startTime: { seconds: '999999100', nanos: 0 } }],
  ])('is cancelled there when it costs more than cancelAboveUsd by the hours %s', async (_what, news) => {
    const { id } = await vertex.now.predictions.start({ ...REQUEST, cancelAboveUsd: 1 });
    const { name } = await vertex.now.created();
    // An n1-standard-8 with a T4 is $0.438 + $0.402 an hour.
    vertex.now.world.advance(name, { state: 'JOB_STATE_RUNNING', resourcesConsumed: { replicaHours: 1.1 } });
    await eventually(async () => (await vertex.now.engine.get(id))?.checkpoint).toMatchObject({ replicaHours: 1.1 });
    await eventually(async () => (await vertex.now.engine.get(id))?.state).toBe('RUNNING');
    vertex.now.world.advance(name, news);
    await eventually(() => vertex.now.world.jobs.get(name)?.state).toBe('JOB_STATE_CANCELLING');
    vertex.now.world.advance(name, { state: 'JOB_STATE_CANCELLED' });
    const done = await vertex.now.ended(id);
    expect(done).toMatchObject({ state: 'CANCELLED', error: { code: 'COST_OVER_LIMIT' } });
    expect(done.error!.message).toMatch(/^The job had cost \$1\.0\d+|^The job had cost \$1\.05/);
  });

  it('is estimated with the objects of its input, and the prices of the location of its model', async () => {
    vertex.now.storage.objects.set('many/part-1.jsonl', '{"a": 1}\n');
    vertex.now.storage.objects.set('many/part-2.jsonl', '{"a": 10}\n');
    vertex.now.storage.objects.set('many/readme.txt', 'no instances');
    const input: BatchInput = {
      ...SPEC.input,
      kind: 'INSTANCE_FILES',
      files: ['gs://demo-files/many/*.jsonl'],
    } as BatchInput;
    const { cost } = await vertex.now.predictions.start({ ...REQUEST, spec: { ...SPEC, input } });
    expect(cost?.estimate.assumptions.slice(0, 3)).toEqual([
      expect.stringMatching(/^At least/),
      'The input has 19 bytes in 2 objects of Cloud Storage.',
      expect.stringMatching(
        /^No price book has prices of machine-hour in europe-west4: these are the prices of us-central1/,
      ),
    ]);
  });
});
