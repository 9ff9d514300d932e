import { beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  REQUEST,
  SUCCEEDED,
  useBatchPredictionsOnVertex,
} from '../../support/google/vertex/batch-predictions-on-vertex.js';

describe('the results of a batch prediction on Vertex AI', () => {
  const vertex = useBatchPredictionsOnVertex();

  const FOLDER = 'predictions/prediction-delay-2026/';

  beforeEach(() => {
    const line = (n: number) =>
      `${JSON.stringify({ instance: { flight: n }, prediction: { delay: n * 10, tokens: n } })}\n`;
    vertex.now.storage.objects.set(`${FOLDER}prediction.results-00000-of-00002`, line(1) + line(2));
    vertex.now.storage.objects.set(`${FOLDER}prediction.results-00001-of-00002`, line(3));
    vertex.now.storage.objects.set(`${FOLDER}prediction.errors_stats-00000-of-00001`, '');
    vertex.now.storage.objects.set(
      `${FOLDER}errors_0001.jsonl`,
      `${JSON.stringify({ instance: { flight: 4 }, error: { code: 3, message: 'bad row in gs://demo-files/x' } })}\n`,
    );
    vertex.now.storage.objects.set('predictions/prediction-delay-2027/prediction.results-00000-of-00001', line(9));
  });

  const finished = async () => {
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    const completionStats = { successfulCount: '3', failedCount: '1', incompleteCount: '0' };
    vertex.now.world.advance(name, { ...SUCCEEDED, completionStats });
    return (await vertex.now.ended(id)) as Awaited<ReturnType<typeof vertex.now.predictions.start>>;
  };

  it('pages through predictions and failures', async () => {
    const job = await finished();
    expect(job.state).toBe('PARTIALLY_SUCCEEDED');
    const first = await vertex.now.predictions.predictions(job, { after: null, limit: 2 });
    expect(first.map(({ instance }) => instance.flight)).toEqual([1, 2]);
    const rest = await vertex.now.predictions.predictions(job, { after: first.at(-1)!.instanceNumber, limit: 2 });
    const prediction = { delay: 30, tokens: 3 };
    expect(rest).toEqual([
      { instanceNumber: 2n, instance: { flight: 3 }, prediction, explanation: null, attributions: null },
    ]);
    expect(await vertex.now.predictions.failures(job, { after: null, limit: 5 })).toEqual([
      { instanceNumber: 0n, instance: { flight: 4 }, code: '3', message: 'bad row in [resource]' },
    ]);
  });

  it('aggregates over all predictions', async () => {
    const job = await finished();
    const asked = [
      { metric: 'AVG', field: 'delay', over: null },
      { metric: 'VARIANCE', field: 'delay', over: null },
      { metric: 'P50', field: 'delay', over: null },
      { metric: 'AVG', field: 'delay', over: 'tokens' },
      { metric: 'COUNT', field: 'nothing', over: null },
      { metric: 'AVG', field: 'nothing', over: null },
    ] as const;
    expect(await vertex.now.predictions.metrics(job, asked)).toEqual([20, 100, 20, 10, 0, null]);
  });

  it('starts a job on the failed instances alone', async () => {
    const job = await finished();
    const retry = await vertex.now.predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
    expect(retry.spec.retryOf).toBe(job.id);
    await eventually(() => vertex.now.world.jobs.size).toBe(2);
    const uri: string = [...vertex.now.world.jobs.values()][1].inputConfig.gcsSource.uris[0];
    expect(vertex.now.storage.objects.get(uri.replace('gs://demo-files/', ''))).toBe('{"flight":4}\n');
  });
});
