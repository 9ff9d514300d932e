import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createModelServer } from '../../examples/relevance/model-server.ts';
import { ask, startJob } from '../support/ask.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { webSocketClient } from '../support/stream-clients.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const example = join(import.meta.dirname, '../../examples/relevance');
const readme = readFileSync(join(example, 'README.md'), 'utf8');

/** The table of what came out, by mode. */
const TOLD = [...readme.matchAll(/^\| `(\w+)` +\|(.+)\|$/gm)]
  .map(([, mode, cells]) => [mode!, cells!.split('|').map((cell) => cell.trim())] as const)
  .filter(([, cells]) => cells.every((cell) => Number.isFinite(Number(cell))));

/** The one mutation and the one query of the README. */
const [startInReadme, metricsInReadme] = [...readme.matchAll(/```graphql\n(.*?)```/gs)].map(([, text]) => text!);
const [answerInReadme] = [...readme.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text!) as unknown);

/** Where a sum is taken over several files at once, its last digits are not the same each time. */
function rounded(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (_name, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(12)) : value,
  );
}

it('the relevance example gives by batch jobs what its README says', async () => {
  const server = createModelServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const folder = temporaryFolder();
  const files = join(folder, 'data/files');
  mkdirSync(files, { recursive: true });
  for (const file of ['measures.ndjson', 'image-relevance.sql']) copyFileSync(join(example, file), join(folder, file));
  copyFileSync(join(example, 'measures.ndjson'), join(files, 'measures.ndjson'));
  const registry = readFileSync(join(example, 'registry.yaml'), 'utf8');
  const registryPath = join(folder, 'registry.yaml');
  writeFileSync(registryPath, registry.replaceAll(':8501/', `:${(server.address() as AddressInfo).port}/`));
  const environment = { FEATUREGRAPH_REGISTRY: registryPath, FEATUREGRAPH_DATA_DIR: join(folder, 'data') };
  let gateway = await startGatewayProcess(environment);
  onTestFinished(async () => {
    await gateway.stop();
  });

  const ended = async (id: string): Promise<void> => {
    const client = webSocketClient(gateway.url);
    const query = 'subscription ($id: ID!) { jobProgress(id: $id) { state } }';
    const { results } = await client.follow({ query, variables: { id } });
    client.close();
    expect(results.at(-1).data.jobProgress.state).toBe('SUCCEEDED');
  };

  // As the README has it, word for word.
  const started = await ask(gateway.url, startInReadme!);
  const { id } = started.startBatchPrediction.job;
  await ended(id);
  expect(rounded({ data: await ask(gateway.url, metricsInReadme!, { id }) })).toEqual(rounded(answerInReadme));

  expect(TOLD.map(([mode]) => mode)).toContain('vervaekean');
  const measured: [string, string[]][] = [];
  for (const [mode] of TOLD) {
    const job = await startJob(gateway.url, 'startBatchPrediction', {
      displayName: `By ${mode}`,
      model: 'token_allocator',
      input: { files: { paths: ['measures.ndjson'] } },
      output: { format: 'JSONL' },
      parameters: { token_budget: 200, relevance_mode: mode },
      batchSize: 8,
      startingReplicaCount: 5,
    });
    await ended(job);
    const { batchPredictionJob } = await ask(
      gateway.url,
      `query ($id: ID!) { batchPredictionJob(id: $id) { progress { completed failed } metrics(of: [
        { metric: AVG, field: "tokens" }, { metric: AVG, field: "quality" },
        { metric: AVG, field: "quality", over: "tokens" }, { metric: VARIANCE, field: "level_of_detail" }
      ]) { value } } }`,
      { id: job },
    );
    expect(batchPredictionJob.progress).toEqual({ completed: '75', failed: '0' });
    const [tokens, quality, efficiency, variance] = batchPredictionJob.metrics.map(({ value }: any) => value as number);
    measured.push([mode, [tokens.toFixed(1), quality.toFixed(3), (efficiency * 1000).toFixed(2), variance.toFixed(2)]]);
  }
  expect(measured).toEqual(TOLD);

  // The model leaves the registry: what it predicted is still there, and says by what it was predicted.
  await gateway.stop();
  writeFileSync(registryPath, registry.slice(0, registry.indexOf('\nmodels:')));
  gateway = await startGatewayProcess(environment);
  const { batchPredictionJobs, models } = await ask(
    gateway.url,
    `{ models { id } batchPredictionJobs { nodes { model { id displayName inputs { name } }
      predictions(first: 1) { nodes { prediction } } metrics(of: [{ metric: COUNT, field: "tokens" }]) { value } } } }`,
  );
  expect(models).toEqual([]);
  expect(batchPredictionJobs.nodes).toHaveLength(TOLD.length + 1);
  for (const { model, predictions, metrics } of batchPredictionJobs.nodes) {
    expect(model).toMatchObject({ id: 'models/token_allocator', displayName: 'Tokens by relevance' });
    expect(model.inputs).toHaveLength(5);
    expect(predictions.nodes).toHaveLength(1);
    expect(metrics).toEqual([{ value: 75 }]);
  }
}, 300_000);
