import { describe, expect, it } from 'vitest';
import {
  eventually,
  REQUEST,
  SPEC,
  SUCCEEDED,
  useBatchPredictionsOnVertex,
} from '../../support/google/vertex/batch-predictions-on-vertex.js';

describe('the state of a batch prediction on Vertex AI', () => {
  const vertex = useBatchPredictionsOnVertex();

  it('follows the job through its states, with counts, to where it says it wrote', async () => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    const running = { successfulCount: '1', failedCount: '0', incompleteCount: '2' };
    vertex.now.world.advance(name, { state: 'JOB_STATE_RUNNING', completionStats: running });
    await eventually(async () => (await vertex.now.engine.get(id))?.progress).toEqual({
      completed: 1n,
      failed: 0n,
      total: 3n,
    });
    vertex.now.world.advance(name, {
      state: 'JOB_STATE_PAUSED',
      completionStats: { successfulCount: '2', failedCount: '0', incompleteCount: '-1' },
      resourcesConsumed: { replicaHours: 0.1 },
    });
    await eventually(async () => (await vertex.now.engine.get(id))?.state).toBe('PAUSED');
    // -1 are left: Vertex AI does not know how many.
    await eventually(async () => (await vertex.now.engine.get(id))?.progress).toEqual({
      completed: 2n,
      failed: 0n,
      total: null,
    });
    const paused = (await vertex.now.engine.get(id))!;
    const { total } = vertex.now.costs.estimator.costSoFar({ ...paused.cost!.work, replicaHours: 0.1 });
    expect(vertex.now.costSoFar(paused)?.total).toEqual(total);
    vertex.now.world.advance(name, SUCCEEDED);
    const job = await vertex.now.ended(id);
    expect(job).toMatchObject({
      state: 'SUCCEEDED',
      progress: { completed: 3n, failed: 0n, total: 3n },
      result: { replicaHours: 0.5, isPartial: false, predictions: SUCCEEDED.outputInfo.gcsOutputDirectory },
    });
  });

  it.each([
    ['demo-project.work', 'predictions_2026', 'predictions_2026', 'errors_2026'],
    // A job that made its own dataset.
    ['demo-project.work', '', 'predictions', 'errors'],
    // A table that the client named: Vertex AI does not say where the failures are.
    ['demo-project.work.scores', 'scores', 'scores', null],
    ['demo-project.work.predictions_june', 'predictions_june', 'predictions_june', null],
  ])('has written where it says (asked for %s, it says "%s")', async (location, said, table, errors) => {
    const output = { format: 'TABLE', location } as const;
    const { id } = await vertex.now.predictions.start({ ...REQUEST, spec: { ...SPEC, output } });
    vertex.now.world.advance((await vertex.now.created()).name, {
      ...SUCCEEDED,
      completionStats: { successfulCount: '2', failedCount: '1', incompleteCount: '0' },
      outputInfo: {
        bigqueryOutputDataset: 'bq://demo-project.elsewhere',
        output_location: 'bigquery_output_dataset',
        bigqueryOutputTable: said,
      },
    });
    expect((await vertex.now.ended(id)).result).toMatchObject({
      predictions: `demo-project.elsewhere.${table}`,
      failures: errors && `demo-project.elsewhere.${errors}`,
    });
  });

  it('goes on watching after a restart', async () => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    await vertex.now.noted(id);
    await vertex.now.restart();
    vertex.now.world.advance(name, SUCCEEDED);
    expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(vertex.now.server.callsOf('CreateBatchPredictionJob')).toHaveLength(1);
  });

  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'] as const)(
    'outlasts %s of the poll',
    async (code) => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      vertex.now.server.faults.add('GetBatchPredictionJob', { kind: 'refuse', code }, 8);
      vertex.now.world.advance(name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    },
  );

  it('cancels there, and keeps what was predicted', async () => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    await vertex.now.noted(id);
    await vertex.now.engine.cancel(id);
    await eventually(() => vertex.now.world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    vertex.now.world.advance(name, { ...SUCCEEDED, state: 'JOB_STATE_CANCELLED' });
    expect(await vertex.now.ended(id)).toMatchObject({ state: 'CANCELLED', result: { isPartial: true } });
  });

  it('fails with the reason of Vertex AI', async () => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    vertex.now.world.advance(name, {
      state: 'JOB_STATE_FAILED',
      error: { code: 3, message: 'No rows in gs://demo-files/x.' },
    });
    expect(await vertex.now.ended(id)).toMatchObject({
      state: 'FAILED',
      error: { code: 'VERTEX_FAILED', message: 'No rows in [resource].' },
    });
  });

  it.each(['PERMISSION_DENIED', 'UNAUTHENTICATED', 'INTERNAL'] as const)(
    'does not take %s of the poll for the end of a job that goes on there, and tells the log',
    async (code) => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      vertex.now.server.faults.add('GetBatchPredictionJob', { kind: 'refuse', code }, 5);
      await eventually(() => vertex.now.troubles.length).toBeGreaterThan(1);
      expect((await vertex.now.engine.get(id))?.state).not.toBe('FAILED');
      vertex.now.world.advance(name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    },
  );

  it('goes on asking for a cancellation that was refused, until it is taken', async () => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    await vertex.now.noted(id);
    vertex.now.server.faults.add('CancelBatchPredictionJob', { kind: 'refuse', code: 'PERMISSION_DENIED' }, 3);
    await vertex.now.engine.cancel(id);
    await eventually(() => vertex.now.world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    expect((await vertex.now.engine.get(id))?.state).toBe('CANCELLING');
    vertex.now.world.advance(name, { ...SUCCEEDED, state: 'JOB_STATE_CANCELLED' });
    expect(await vertex.now.ended(id)).toMatchObject({ state: 'CANCELLED' });
  });

  it.each([
    ['RUNNING', 'UPDATING', {}],
    ['RUNNING', 'OF_THE_FUTURE', {}],
    ['FAILED', 'OF_THE_FUTURE', { endTime: { seconds: '1000000001', nanos: 0 } }],
    ['EXPIRED', 'EXPIRED', {}],
    ['PARTIALLY_SUCCEEDED', 'PARTIALLY_SUCCEEDED', {}],
    ['PARTIALLY_SUCCEEDED', 'SUCCEEDED', { partialFailures: [{ code: 7, message: 'no access to gs://demo-files/b' }] }],
  ])('is %s when the job there is %s with %j', async (state, there, more) => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    await eventually(async () => (await vertex.now.engine.get(id))?.state).toBe('PENDING');
    // A name that the protos of the server do not know either would not travel: its number does.
    vertex.now.world.advance(name, { state: there === 'OF_THE_FUTURE' ? 99 : `JOB_STATE_${there}`, ...more });
    await eventually(async () => (await vertex.now.engine.get(id))?.state).toBe(state);
    const job = (await vertex.now.engine.get(id)) as Awaited<ReturnType<typeof vertex.now.predictions.start>>;
    if (there === 'SUCCEEDED') {
      expect(await vertex.now.predictions.failures(job, { after: null, limit: 1 })).toEqual([
        { instanceNumber: 0n, instance: {}, code: '7', message: 'no access to [resource]' },
      ]);
    }
  });
});
