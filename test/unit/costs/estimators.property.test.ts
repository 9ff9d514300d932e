import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { estimateBatchPrediction, type BatchPredictionCost } from '../../../costs/batch-prediction-cost.js';
import { roundMoney, sum, type Decimal } from '../../../costs/decimal.js';
import type { CostEstimate } from '../../../costs/cost-estimate.js';
import { estimateFeaturestore } from '../../../costs/featurestore-cost.js';
import { estimateHistoricalQuery } from '../../../costs/historical-query-cost.js';
import { estimateOnlinePrediction } from '../../../costs/online-prediction-cost.js';
import type { PriceBook } from '../../../costs/price-book.js';
import { publishedBooks } from '../../support/costs.js';

let book: PriceBook;
beforeAll(async () => {
  book = (await publishedBooks()).find('google-us-central1');
});

const amount = (max: number) => fc.double({ min: 0, max, noNaN: true });
const machine = fc.constantFrom(
  ...['n1-standard-2', 'n1-standard-4', 'g2-standard-8'].map((machineType) => ({ machineType, acceleratorType: null })),
  { machineType: 'n1-standard-4', acceleratorType: 'NVIDIA_TESLA_T4' },
  { machineType: 'g2-standard-8', acceleratorType: 'NVIDIA_L4' },
);
const withMachine = <Input>(input: fc.Arbitrary<Input>) =>
  fc.tuple(input, machine).map(([rest, named]) => ({ ...rest, ...named }));
const batchJob = withMachine(
  fc.record({
    rows: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    secondsPerBatch: fc.double({ min: 0.001, max: 3600, noNaN: true }),
    batchSize: fc.integer({ min: 1, max: 10_000 }),
    startingReplicaCount: fc.integer({ min: 1, max: 200 }),
  }),
);
const endpoint = withMachine(
  fc.record({
    minNodes: fc.integer({ min: 0, max: 100 }),
    hours: amount(9000),
  }),
);
const store = fc.record({
  minNodes: fc.integer({ min: 0, max: 100 }),
  hours: amount(744),
  onlineStorageGib: amount(10_000),
  syncedGibPerMonth: amount(10_000),
  offlineStorageGib: amount(1_000_000),
  offlineLongTermStorageGib: amount(1_000_000),
  scannedTibPerMonth: amount(1000),
});
const batch = (job: BatchPredictionCost) => estimateBatchPrediction(book, job, null);

describe('an estimate', () => {
  const estimates: fc.Arbitrary<() => CostEstimate> = fc.oneof(
    batchJob.map((job) => () => batch(job)),
    endpoint.map((of) => () => estimateOnlinePrediction(book, of)),
    store.map((of) => () => estimateFeaturestore(book, of)),
    fc.bigInt({ min: 0n, max: 10n ** 18n }).map((bytes) => () => estimateHistoricalQuery(book, { bytes })),
  );

  it('is the sum of its lines to the cent, also of the lines as they are shown', () => {
    fc.assert(
      fc.property(estimates, (estimate) => {
        const { lines, total } = estimate();
        const shown = sum(lines.map((line) => roundMoney(line.amount)));
        expect(shown.minus(roundMoney(total)).abs().toNumber()).toBeLessThan(1e-8);
        for (const line of lines) expect(line.quantity.times(line.unitPrice).equals(line.amount)).toBe(true);
      }),
    );
  });

  it('is never below nothing', () => {
    fc.assert(
      fc.property(estimates, (estimate) => {
        expect(estimate().total.isNegative()).toBe(false);
      }),
    );
  });
});

describe('more never costs less', () => {
  const notLess = (more: CostEstimate, less: CostEstimate) => expect(atLeast(more.total, less.total)).toBe(true);
  const atLeast = (more: Decimal, less: Decimal) => more.greaterThanOrEqualTo(less);

  it('rows and replicas of a batch job', () => {
    fc.assert(
      fc.property(
        batchJob,
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.integer({ min: 0, max: 200 }),
        (job, rows, replicas) => {
          notLess(batch({ ...job, rows: job.rows + rows }), batch(job));
          notLess(batch({ ...job, startingReplicaCount: job.startingReplicaCount + replicas }), batch(job));
        },
      ),
    );
  });

  it('hours and nodes of an endpoint', () => {
    fc.assert(
      fc.property(endpoint, amount(1000), fc.integer({ min: 0, max: 50 }), (of, hours, nodes) => {
        const less = estimateOnlinePrediction(book, of);
        notLess(estimateOnlinePrediction(book, { ...of, hours: of.hours + hours }), less);
        notLess(estimateOnlinePrediction(book, { ...of, minNodes: of.minNodes + nodes }), less);
        notLess(estimateOnlinePrediction(book, { ...of, maxNodes: of.minNodes + nodes }), less);
      }),
    );
  });

  it('each quantity of a featurestore', () => {
    fc.assert(
      fc.property(
        store,
        fc.constantFrom(...(['hours', 'onlineStorageGib', 'syncedGibPerMonth', 'scannedTibPerMonth'] as const)),
        amount(1000),
        (of, field, more) => {
          notLess(estimateFeaturestore(book, { ...of, [field]: of[field] + more }), estimateFeaturestore(book, of));
        },
      ),
    );
  });

  it('bytes of a query', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 16n }), fc.bigInt({ min: 0n, max: 10n ** 12n }), (bytes, more) => {
        notLess(estimateHistoricalQuery(book, { bytes: bytes + more }), estimateHistoricalQuery(book, { bytes }));
      }),
    );
  });
});

it('a batch job costs what its replicas are billed: hours of work and of start-up, times the price', () => {
  fc.assert(
    fc.property(batchJob, (job) => {
      const { total } = batch({ ...job, machineType: 'n1-standard-4', acceleratorType: null });
      const batches = Number((job.rows + BigInt(job.batchSize) - 1n) / BigInt(job.batchSize));
      const hours = (batches * job.secondsPerBatch) / 3600 + (batches === 0 ? 0 : (job.startingReplicaCount * 5) / 60);
      expect(Math.abs(total.toNumber() / 0.219 - hours)).toBeLessThanOrEqual(1e-9 * (1 + hours));
    }),
  );
});
