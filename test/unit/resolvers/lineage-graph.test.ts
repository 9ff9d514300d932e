import { describe, expect, it } from 'vitest';
import type { BacktestRecord } from '../../../backtests/backtests.js';
import type { BatchPredictionJobRecord } from '../../../batch-prediction/batch-predictions.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { LineageGraph, type LineageStart, type VisibleObjects } from '../../../resolvers/lineage-graph.js';
import type { TrainingSetJobRecord } from '../../../training-sets/training-sets.js';
import { jobRecord } from '../../support/job-record.js';
import { testRegistry } from '../../support/test-registry.js';

const registry = testRegistry({
  name: 'shop',
  entityTypes: [
    {
      name: 'customer',
      sources: [
        {
          name: 'computed',
          sql: 'orders.sql',
          features: [
            { name: 'orders', valueType: 'INT64' },
            { name: 'total', valueType: 'DOUBLE' },
          ],
        },
      ],
    },
  ],
});
const [orders, total] = registry.featurestores[0]!.entityTypes[0]!.features;
const churn = { kind: 'model', name: 'churn' } as Model;

const trainingSet = {
  ...jobRecord({ id: 'made', kind: 'TRAINING_SET' }),
  spec: {
    labels: { kind: 'FILE', file: 'labels/june.csv' },
    joins: [{ featurestore: 'shop', entityType: 'customer', features: ['orders', 'gone'] }],
  },
  result: { output: { format: 'PARQUET', location: 'june.parquet' } },
} as unknown as TrainingSetJobRecord;
const predictionOf = (id: string, input: object, predictions: string | null = null) =>
  ({
    ...jobRecord({ id, kind: 'BATCH_PREDICTION' }),
    spec: { model: 'churn', input },
    result: predictions === null ? null : { predictions },
  }) as unknown as BatchPredictionJobRecord;
const ofTrainingSet = predictionOf('scored', { kind: 'TRAINING_SET', job: 'made' }, 'scores.parquet');
const ofTable = predictionOf('other', { kind: 'TABLE', table: 'customers' });

/** Its labels are the events of `orders`, and it compares the predictions with `total`. */
const backtest = {
  ...jobRecord({ id: 'tested', kind: 'BACKTEST' }),
  spec: {
    model: 'churn',
    rows: {
      labels: { kind: 'GENERATED', times: { kind: 'EVENTS', feature: 'orders' } },
      joins: [{ featurestore: 'shop', entityType: 'customer', features: ['gone'] }],
    },
    actual: { kind: 'FEATURE', feature: 'total' },
  },
} as unknown as BacktestRecord;

const around = async (start: LineageStart, changes: Partial<VisibleObjects> = {}) => {
  const { nodes, edges } = await new LineageGraph({
    trainingSets: [trainingSet],
    predictions: [ofTable, ofTrainingSet],
    backtests: [backtest],
    findTrainingSet: async (id) => (id === 'made' ? trainingSet : undefined),
    findFeature: (_featurestore, _entityType, name) => [orders!, total!].find((feature) => feature.name === name),
    findModel: () => churn,
    maySeeFiles: true,
    ...changes,
  }).around(start);
  const nameOf = (key: string) => nodes.find((node) => node.key === key)!.name;
  return {
    first: nodes[0]!.kind,
    nodes: nodes.map(({ kind, name }) => `${kind} ${name}`).sort(),
    edges: edges.map(({ from, to }) => `${nameOf(from)} -> ${nameOf(to)}`).sort(),
    sqlFile: nodes.find(({ kind }) => kind === 'SOURCE')?.file,
  };
};

describe('a lineage', () => {
  it('goes from a feature to its source, and to what was made with it', async () => {
    const { edges, first } = await around({ kind: 'FEATURE', feature: orders! });
    expect(first).toBe('FEATURE');
    expect(edges).toEqual([
      'churn -> jobs/scored',
      'churn -> jobs/tested',
      'computed -> orders',
      'jobs/made -> june.parquet',
      'jobs/scored -> scores.parquet',
      'june.parquet -> jobs/scored',
      'orders -> jobs/made',
      'orders -> jobs/tested',
    ]);
    expect((await around({ kind: 'FEATURE', feature: total! }, { backtests: [] })).edges).toEqual([
      'computed -> total',
    ]);
  });

  it('goes from predictions back to the model, the training set, its labels, features and sources', async () => {
    const { edges, first } = await around({ kind: 'BATCH_PREDICTION', job: ofTrainingSet });
    expect(first).toBe('BATCH_PREDICTION_JOB');
    expect(edges).toEqual([
      'churn -> jobs/scored',
      'computed -> orders',
      'jobs/made -> june.parquet',
      'jobs/scored -> scores.parquet',
      'june.parquet -> jobs/scored',
      'labels/june.csv -> jobs/made',
      'orders -> jobs/made',
    ]);
  });

  it('goes from a training set in both directions, and from a model to its predictions', async () => {
    const ofSet = await around({ kind: 'TRAINING_SET', job: trainingSet });
    expect(ofSet.edges).toContain('june.parquet -> jobs/scored');
    expect(ofSet.edges).toContain('computed -> orders');
    const { edges } = await around({ kind: 'MODEL', model: churn });
    expect(edges).toEqual(
      expect.arrayContaining(['churn -> jobs/other', 'customers -> jobs/other', 'churn -> jobs/scored']),
    );
  });

  it('goes from a backtest to its model and the features that it reads, and from both to the backtest', async () => {
    const ofBacktest = [
      'churn -> jobs/tested',
      'computed -> orders',
      'computed -> total',
      'orders -> jobs/tested',
      'total -> jobs/tested',
    ];
    expect(await around({ kind: 'BACKTEST', job: backtest })).toMatchObject({
      first: 'BACKTEST_JOB',
      edges: ofBacktest,
    });
    expect((await around({ kind: 'MODEL', model: churn })).edges).toEqual(expect.arrayContaining(ofBacktest));
    expect((await around({ kind: 'FEATURE', feature: total! })).edges).toContain('total -> jobs/tested');
  });

  it('leaves out what the client may not see, and what the registry no longer has', async () => {
    const hidden = await around(
      { kind: 'BATCH_PREDICTION', job: ofTrainingSet },
      { findTrainingSet: async () => undefined, findModel: () => undefined },
    );
    expect(hidden.nodes).toEqual(['BATCH_PREDICTION_JOB jobs/scored', 'PREDICTIONS scores.parquet']);
    expect((await around({ kind: 'FEATURE', feature: orders! })).sqlFile).toBe('orders.sql');
    expect((await around({ kind: 'FEATURE', feature: orders! }, { maySeeFiles: false })).sqlFile).toBeNull();
  });
});
