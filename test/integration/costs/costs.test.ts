import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { pricesCommand } from '../../../cli/commands/prices.js';
import { THIS_MACHINE } from '../../../costs/price-book.js';
import { openTestCosts } from '../../support/costs.js';
import { estimateCli } from '../../support/estimate-cli.js';
import { smallRegistry } from '../../support/small-registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

const ESTIMATE = `{
  total { currency amount } atLeast { amount } atMost { amount } perPrediction { amount } assumptions
  lines { sku description quantity unit unitPrice amount } priceBook { id region effectiveDate source }
}`;

async function estimate(field: string, type: string, input: object) {
  const answer = await gateway.ask(`query ($input: ${type}!) { ${field}(input: $input) ${ESTIMATE} }`, { input });
  expect(answer.errors).toBeUndefined();
  return answer.data[field];
}

/** The cells of the rows of all tables. */
const cells = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('the API and the command line say the same', () => {
  it.each([
    [
      'estimateFeaturestore',
      'FeaturestoreCostInput',
      { priceBook: 'classic', minNodes: 2, onlineStorageGib: 50, readsPerMonth: '100000000' },
      [
        'featurestore',
        '--price-book',
        'classic',
        '--min-nodes',
        '2',
        '--online-storage-gib',
        '50',
        '--reads-per-month',
        '100000000',
      ],
      533.5,
    ],
    [
      'estimateFeaturestore',
      'FeaturestoreCostInput',
      {
        minNodes: 1,
        maxNodes: 3,
        averageNodes: 1.5,
        onlineStore: 'bigtable',
        syncedGibPerMonth: 7,
        offlineLongTermStorageGib: 3,
        otherUsage: [
          { meter: 'message-tib', resource: 'export', quantity: 0.5 },
          { meter: 'slot-hour', quantity: 2 },
        ],
      },
      [
        'featurestore',
        '--min-nodes',
        '1',
        '--max-nodes',
        '3',
        '--average-nodes',
        '1.5',
        '--online-store',
        'bigtable',
        '--synced-gib-per-month',
        '7',
        '--offline-long-term-storage-gib',
        '3',
        '--other-usage',
        'message-tib/export=0.5',
        '--other-usage',
        'slot-hour=2',
      ],
      // 1095 x 0.65 + 7 x 0 + 3 x 0.016 + 0.5 x 50 + 2 x 0.04
      736.878,
    ],
    [
      'estimateBatchPrediction',
      'BatchPredictionEstimateInput',
      { figures: { rows: '640', secondsPerBatch: 60, startingReplicaCount: 4, acceleratorType: 'NVIDIA_TESLA_T4' } },
      [
        'batch-prediction',
        '--rows',
        '640',
        '--seconds-per-batch',
        '60',
        '--starting-replica-count',
        '4',
        '--accelerator-type',
        'NVIDIA_TESLA_T4',
      ],
      0.3105,
    ],
    [
      'estimateOnlinePrediction',
      'OnlinePredictionCostInput',
      { machineType: 'n1-standard-2', minNodes: 3, hours: 24, predictions: '1000000' },
      [
        'online-prediction',
        '--machine-type',
        'n1-standard-2',
        '--min-nodes',
        '3',
        '--hours',
        '24',
        '--predictions',
        '1000000',
      ],
      7.884,
    ],
  ])('%s, figure by figure (%#)', async (field, type, input, options, total) => {
    const answer = await estimate(field, type, input);
    expect(answer.total).toEqual({ currency: 'USD', amount: total });
    const said = await estimateCli(...options);
    const rows = cells(said).slice(1);
    const number = (text: string) => Number(text.replace('$', ''));
    expect(
      rows.slice(0, -1).map(([sku, what, , unit, price, amount]) => [sku, what, unit, number(price!), number(amount!)]),
    ).toEqual(answer.lines.map((line: any) => [line.sku, line.description, line.unit, line.unitPrice, line.amount]));
    rows.slice(0, -1).forEach((row, index) => expect(number(row[2]!)).toBeCloseTo(answer.lines[index].quantity, 8));
    expect(number(rows.at(-1)!.at(-1)!)).toBe(answer.total.amount);
    expect(said).toContain(`prices: ${answer.priceBook.id}, ${answer.priceBook.region}`);
    for (const assumption of answer.assumptions) expect(said).toContain(`  - ${assumption}\n`);
    if (answer.perPrediction) expect(said).toContain(`each prediction: $${answer.perPrediction.amount}\n`);
    if (answer.atLeast)
      expect(said).toMatch(new RegExp(`at least \\$${answer.atLeast.amount}\\d*, at most \\$${answer.atMost.amount}`));
  });

  it('of a comparison', async () => {
    const input = { predictions: '1000000', secondsPerBatch: 0.5 };
    const { data, errors } = await gateway.ask(
      `query ($input: ServingComparisonInput!) { compareServing(input: $input) {
        cheaper ratio breakEvenPredictions mostPredictionsForRatio(times: 342)
        batch { total { amount } } online { total { amount } } curve { predictions batch { amount } online { amount } cheaper }
      } }`,
      { input },
    );
    expect(errors).toBeUndefined();
    expect(data.compareServing).toMatchObject({
      cheaper: 'BATCH',
      breakEvenPredictions: 336_345_600,
      mostPredictionsForRatio: 945_152,
    });
    const { batch, online, ratio } = data.compareServing;
    expect(online.total.amount / batch.total.amount).toBeCloseTo(ratio, 5);
    const said = await estimateCli(
      'compare',
      '--predictions',
      '1000000',
      '--seconds-per-batch',
      '0.5',
      '--times',
      '342',
    );
    const curve = cells(said)
      .filter((row) => row.length === 4)
      .slice(1);
    expect(
      curve.map(([predictions, ofBatch, ofOnline, cheaper]) => [
        predictions,
        Number(ofBatch!.slice(1)),
        Number(ofOnline!.slice(1)),
        cheaper,
      ]),
    ).toEqual(
      data.compareServing.curve.map((point: any) => [
        point.predictions,
        point.batch.amount,
        point.online.amount,
        point.cheaper,
      ]),
    );
    expect(said).toContain('cheaper for the number asked: BATCH, by 323.9 times');
    expect(said).toContain('batch costs no more than online for up to 336345600 predictions');
    expect(said).toContain('batch is 342 times cheaper for up to 945152 predictions');
  });

  it('of what is wrong, each in its own words', async () => {
    const input = { figures: { rows: '10', secondsPerBatch: -1 } };
    const { errors } = await gateway.ask(
      'query ($input: BatchPredictionEstimateInput!) { estimateBatchPrediction(input: $input) { total { amount } } }',
      { input },
    );
    expect(errors![0]).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'input.figures.secondsPerBatch', retryable: false },
    });
    const refusal = estimateCli('batch-prediction', '--rows', '10', '--seconds-per-batch', '-1');
    await expect(refusal).rejects.toMatchObject({
      name: 'OperatorError',
      message: `--seconds-per-batch: ${errors![0]!.message}`,
    });
  });
});

describe('the API', () => {
  it('lists the price books with the quality of each figure', async () => {
    const { data } = await gateway.ask(
      '{ priceBooks { id name region effectiveDate source prices { meter resource unit unitPrice quality source } } }',
    );
    expect(data.priceBooks.map(({ name }: any) => name)).toEqual([
      'classic',
      'google-asia-southeast1',
      'google-europe-west1',
      'google-southamerica-east1',
      'google-us',
      'google-us-central1',
      THIS_MACHINE,
    ]);
    const google = data.priceBooks[5];
    expect(google.id).toBe(`priceBooks/google-us-central1@${google.effectiveDate}`);
    const found = await gateway.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', {
      ids: [google.id, 'priceBooks/google-us-central1', 'priceBooks/none@2026-01-01'],
    });
    expect(found.data.nodes).toEqual([{ __typename: 'PriceBook', id: google.id }, null, null]);
    expect(google.prices).toContainEqual({
      meter: 'online-node-hour',
      resource: 'vertex-bigtable',
      unit: 'node hour',
      unitPrice: 0.94,
      quality: 'THIRD_PARTY',
      source: 'Copy of the Vertex AI price list, 2026-09-08',
    });
    // Made of parts: 10.24 node hours at 0.08.
    expect(google.prices).toContainEqual(expect.objectContaining({ meter: 'synced-gib', unitPrice: 0.8192 }));
    const { priceBook } = await estimate('estimateOnlinePrediction', 'OnlinePredictionCostInput', {
      priceBook: google.id,
    });
    expect(priceBook.id).toBe(google.id);
  });

  it('gives no cost of a prediction where there is none, and no range where there is none', async () => {
    const nothing = await estimate('estimateBatchPrediction', 'BatchPredictionEstimateInput', {
      figures: { rows: 0, secondsPerBatch: 1 },
    });
    expect([nothing.total.amount, nothing.perPrediction, nothing.atLeast, nothing.atMost]).toEqual([
      0,
      null,
      null,
      null,
    ]);
  });

  it('refuses a comparison of nothing, and a ratio to nothing only where it is asked', async () => {
    const ask = (input: string, fields: string) =>
      gateway.ask(`{ compareServing(input: { secondsPerBatch: 1, ${input} }) { ${fields} } }`);
    const none = await ask('predictions: 0', 'cheaper');
    expect(none.errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.predictions' });
    const times = await ask('predictions: 1', 'mostPredictionsForRatio(times: 0)');
    expect(times.data).toEqual({ compareServing: { mostPredictionsForRatio: null } });
    expect(times.errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'times' });
    const free = await ask(`predictions: 1, hours: 0`, 'cheaper breakEvenPredictions');
    expect(free.data.compareServing).toEqual({ cheaper: 'ONLINE', breakEvenPredictions: 0 });
    const infinite = await ask(`predictions: 1, hours: 0`, 'ratio');
    expect(infinite.errors![0]!.extensions.code).toBe('VALUE_NOT_REPRESENTABLE');
  });
});

describe('the command line', () => {
  it.each([
    [['batch-prediction', '--rows', 'ten', '--seconds-per-batch', '1'], /--rows.*Not a whole number/],
    [['batch-prediction', '--rows', '10', '--seconds-per-batch', ''], /--seconds-per-batch.*Not a number/],
    [['batch-prediction', '--rows', '10'], /--seconds-per-batch: How long does a batch take/],
    [['batch-prediction', '--seconds-per-batch', '10'], /--rows.*not specified/],
    [['featurestore', '--other-usage', 'slot-hour'], /Not meter=number/],
    [['featurestore', '--other-usage', 'tea=1'], /--other-usage: .*no meter "tea"/],
    [['featurestore', '--price-book', 'aws'], /--price-book: There is no price book "aws"/],
    [['compare', '--predictions', '0', '--seconds-per-batch', '1'], /--predictions: /],
    [['compare', '--predictions', '1', '--seconds-per-batch', '1', '--times', '0'], /--times: /],
  ])('refuses %j', async (options, says) => {
    await expect(estimateCli(...options)).rejects.toThrow(says);
  });

  it('knows what the gateway measured of a model, while the gateway runs', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('FEATUREGRAPH_DATA_DIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const costs = await openTestCosts({ folder: join(folder, 'costs') });
    onTestFinished(() => costs.close());
    await costs.history.record({
      job: 'job-1',
      model: 'relevance',
      machineType: 'n1-standard-4',
      acceleratorType: null,
      acceleratorCount: null,
      batchSize: 64,
      rows: 640n,
      workSeconds: 600,
      replicaHours: null,
      estimatedUsd: 0,
      actualUsd: 0,
      endedAt: 0n,
    });
    const said = await estimateCli(
      'batch-prediction',
      '--rows',
      '640',
      '--model',
      'relevance',
      '--machine-type',
      'n1-standard-4',
    );
    expect(said).toMatch(/60 s on one replica: measured, in one past job/);
    expect(said).toMatch(/total .*\$0\.05475/);
  });

  it('lists price books and their prices', async () => {
    let said = '';
    const list = (...options: string[]) => {
      said = '';
      const command = pricesCommand({ write: (text) => (said += text), clock: () => 0n });
      return command.parseAsync(['list', ...options], { from: 'user' });
    };
    await list();
    expect(cells(said).map(([id]) => id)).toContain('priceBooks/classic@2026-11-23');
    await list('--book', 'classic');
    expect(cells(said)).toContainEqual(['online-node-hour', 'any', '$0.35', 'node hour', 'assumed', 'Example']);
    await expect(list('--book', 'aws')).rejects.toThrow(/--book: There is no price book "aws"/);
  });
});
