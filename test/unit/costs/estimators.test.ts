import { beforeAll, describe, expect, it } from 'vitest';
import {
  priceReplicaHours,
  estimateBatchPrediction,
  type BatchPredictionCost,
} from '../../../costs/batch-prediction-cost.js';
import { formatMoney } from '../../../costs/decimal.js';
import type { CostEstimate } from '../../../costs/cost-estimate.js';
import { estimateFeaturestore, type FeaturestoreCost } from '../../../costs/featurestore-cost.js';
import { estimateHistoricalQuery } from '../../../costs/historical-query-cost.js';
import { estimateOnlinePrediction, type OnlinePredictionCost } from '../../../costs/online-prediction-cost.js';
import { toStoredEstimate, fromStoredEstimate } from '../../../costs/stored-estimate.js';
import { PriceBooks, THIS_MACHINE } from '../../../costs/price-book.js';
import { createPriceBook, publishedBooks } from '../../support/costs.js';

let books: PriceBooks;
beforeAll(async () => {
  books = await publishedBooks();
});

/** Lines as "quantity x price = amount", and the total; amounts rounded as clients see them. */
function figures({ lines, total }: CostEstimate): string[] {
  return [
    ...lines.map(
      ({ quantity, unitPrice, amount }) =>
        `${quantity.toSignificantDigits(10).toFixed()} x ${unitPrice.toFixed()} = ${formatMoney(amount)}`,
    ),
    formatMoney(total),
  ];
}

describe('a featurestore for a month', () => {
  const HAND_COMPUTED: [title: string, book: string, store: FeaturestoreCost, expected: string[]][] = [
    [
      '2 nodes, 50 GB and 100 M reads by the classic book',
      'classic',
      { minNodes: 2, onlineStorageGib: 50, readsPerMonth: 100_000_000n },
      ['1460 x 0.35 = $511.00', '50 x 0.25 = $12.50', '100 x 0.1 = $10.00', '$533.50'],
    ],
    [
      'the same store by the published book, where reads are in the node hours',
      'google-us-central1',
      { minNodes: 2, onlineStorageGib: 50, readsPerMonth: 100_000_000n },
      ['1460 x 0.94 = $1372.40', '50 x 0.25 = $12.50', '$1384.90'],
    ],
    [
      'the least Vertex AI store that there is',
      'google-us-central1',
      { minNodes: 1, onlineStorageGib: 50 },
      ['730 x 0.94 = $686.20', '50 x 0.25 = $12.50', '$698.70'],
    ],
    [
      'optimized serving, whose storage is in the node',
      'google-us-central1',
      { onlineStore: 'vertex-optimized', minNodes: 2, onlineStorageGib: 50 },
      ['1460 x 0.3 = $438.00', '50 x 0 = $0.00', '$438.00'],
    ],
    [
      'optimized serving of more than its nodes hold',
      'google-us-central1',
      { onlineStore: 'vertex-optimized', onlineStorageGib: 500 },
      ['2190 x 0.3 = $657.00', '500 x 0 = $0.00', '$657.00'],
    ],
    [
      'syncs into a Bigtable of one’s own, which Vertex AI does not bill',
      'google-us-central1',
      { onlineStore: 'bigtable', minNodes: 0, syncedGibPerMonth: 100 },
      ['0 x 0.65 = $0.00', '100 x 0 = $0.00', '$0.00'],
    ],
    [
      'a Bigtable of one’s own',
      'google-us-central1',
      { onlineStore: 'bigtable', minNodes: 2, onlineStorageGib: 50 },
      ['1460 x 0.65 = $949.00', '50 x 0.17 = $8.50', '$957.50'],
    ],
    [
      'syncs of 10 GiB, at 100 MiB a node hour',
      'google-us-central1',
      { minNodes: 0, syncedGibPerMonth: 10 },
      ['0 x 0.94 = $0.00', '102.4 x 0.08 = $8.192', '$8.192'],
    ],
    [
      'BigQuery storage and queries',
      'google-us-central1',
      { minNodes: 0, offlineStorageGib: 100, offlineLongTermStorageGib: 1000, scannedTibPerMonth: 2.5 },
      ['0 x 0.94 = $0.00', '100 x 0.023 = $2.30', '1000 x 0.016 = $16.00', '2.5 x 6.25 = $15.625', '$33.925'],
    ],
    [
      'nodes for a part of the month',
      'google-us-central1',
      { minNodes: 3, hours: 96.15 },
      ['288.45 x 0.94 = $271.143', '$271.143'],
    ],
    [
      'anything else that the book has a meter for',
      'google-us-central1',
      {
        minNodes: 0,
        otherUsage: [
          { meter: 'message-tib', resource: 'export', quantity: 2 },
          { meter: 'stream-vcpu-hour', quantity: 10 },
          { meter: 'monitored-gib', quantity: 4 },
          { meter: 'slot-hour', resource: 'enterprise', quantity: 100 },
          { meter: 'streamed-gib', quantity: 1000 },
        ],
      },
      [
        '0 x 0.94 = $0.00',
        '2 x 50 = $100.00',
        '10 x 0.069 = $0.69',
        '4 x 3.5 = $14.00',
        '100 x 0.06 = $6.00',
        '1000 x 0.0512 = $51.20',
        '$171.89',
      ],
    ],
    ['nothing', 'google-us-central1', { minNodes: 0 }, ['0 x 0.94 = $0.00', '$0.00']],
  ];
  it.each(HAND_COMPUTED)('costs by hand: %s', (_title, book, store, expected) => {
    expect(figures(estimateFeaturestore(books.find(book), store))).toEqual(expected);
  });

  it('has a range where nodes scale, and counts the most unless an average is known', () => {
    const book = books.find('google-us-central1');
    const scaled = estimateFeaturestore(book, { minNodes: 1, maxNodes: 3, onlineStorageGib: 50 });
    expect([scaled.total, scaled.range!.least, scaled.range!.most].map(formatMoney)).toEqual([
      '$2071.10',
      '$698.70',
      '$2071.10',
    ]);
    const average = estimateFeaturestore(book, { minNodes: 1, maxNodes: 3, averageNodes: 1.5 });
    expect(formatMoney(average.total)).toBe('$1029.30');
    expect(estimateFeaturestore(book, { minNodes: 2 }).range).toBeNull();
  });

  it('says what it has no price for, and what the prices are worth', () => {
    const classic = estimateFeaturestore(books.find('classic'), { syncedGibPerMonth: 3 });
    expect(classic.assumptions).toContain(
      'Not in the total: 3 of synced-gib, which the price book "classic" has no price for.',
    );
    const published = estimateFeaturestore(books.find('google-us-central1'), {
      onlineStore: 'bigtable',
      readsPerMonth: 1_500_000n,
    });
    expect(published.assumptions).toContain(
      'No price of its own for reads is published: they are in the node hours. 1.5 million reads add nothing.',
    );
    expect(published.assumptions.join('\n')).toMatch(
      /\$0\.65 per node hour of bigtable-ssd-node is assumed: .*us-west1/,
    );
  });
});

describe('a batch prediction job', () => {
  /** 600 s of work: 10 batches of a minute. */
  const TEN_MINUTES = { rows: 640n, secondsPerBatch: 60, machineType: 'n1-standard-4' } as const;
  const HAND_COMPUTED: [title: string, job: BatchPredictionCost, expected: string[]][] = [
    [
      '10 minutes of work and 5 of start-up on one machine',
      TEN_MINUTES,
      ['0.1666666667 x 0.219 = $0.0365', '0.08333333333 x 0.219 = $0.01825', '$0.05475'],
    ],
    [
      'the accelerator of a machine that comes with it is in the price of the machine',
      { ...TEN_MINUTES, machineType: 'g2-standard-8', acceleratorType: 'NVIDIA_L4', startupMinutes: 0 },
      ['0.1666666667 x 0.98 = $0.163333333', '$0.163333333'],
    ],
    [
      'with an accelerator',
      { ...TEN_MINUTES, machineType: 'n1-standard-8', acceleratorType: 'NVIDIA_TESLA_T4' },
      [
        '0.1666666667 x 0.438 = $0.073',
        '0.1666666667 x 0.402 = $0.067',
        '0.08333333333 x 0.438 = $0.0365',
        '0.08333333333 x 0.402 = $0.0335',
        '$0.21',
      ],
    ],
    [
      'two accelerators in each machine',
      { ...TEN_MINUTES, acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 2, startupMinutes: 0 },
      ['0.1666666667 x 0.219 = $0.0365', '0.3333333333 x 0.402 = $0.134', '$0.1705'],
    ],
    [
      'four replicas: the same work, four start-ups',
      { ...TEN_MINUTES, startingReplicaCount: 4 },
      ['0.1666666667 x 0.219 = $0.0365', '0.3333333333 x 0.219 = $0.073', '$0.1095'],
    ],
    [
      'a last batch that is not full counts as one',
      { ...TEN_MINUTES, rows: 641n, startupMinutes: 0 },
      ['0.1833333333 x 0.219 = $0.04015', '$0.04015'],
    ],
    [
      '1 row',
      { ...TEN_MINUTES, rows: 1n },
      ['0.01666666667 x 0.219 = $0.00365', '0.08333333333 x 0.219 = $0.01825', '$0.0219'],
    ],
    ['0 rows', { ...TEN_MINUTES, rows: 0n }, ['0 x 0.219 = $0.00', '0 x 0.219 = $0.00', '$0.00']],
  ];
  it.each(HAND_COMPUTED)('costs by hand: %s', (_title, job, expected) => {
    expect(figures(estimateBatchPrediction(books.find(null), job, null))).toEqual(expected);
  });

  it('shares its cost by its predictions, where there are any', () => {
    const estimate = (rows: bigint) =>
      estimateBatchPrediction(books.find(null), { ...TEN_MINUTES, rows, secondsPerBatch: 3 }, null);
    // (10000 / 64 -> 157 batches x 3 s + 300 s) / 3600 x 0.219 / 10000
    expect(estimate(10_000n).perPrediction!.toNumber()).toBeCloseTo(0.0000046901, 9);
    expect(estimate(0n).perPrediction).toBeNull();
  });

  it('takes the first machine of the book when none is named, and no accelerator', () => {
    const { lines } = estimateBatchPrediction(books.find(null), { rows: 1n, secondsPerBatch: 1 }, null);
    expect(lines.map(({ sku }) => sku)).toEqual(['vertex-prediction-n1-standard-4', 'vertex-prediction-n1-standard-4']);
  });

  it('costs nothing on this machine, whatever it is called', () => {
    const book = books.find(THIS_MACHINE);
    const { total } = estimateBatchPrediction(
      book,
      { rows: 10n ** 9n, secondsPerBatch: 9, machineType: 'laptop' },
      null,
    );
    expect(total.isZero()).toBe(true);
  });
});

describe('the replica hours that a job has used', () => {
  it('cost what the machine and its accelerators do', () => {
    const machine = { machineType: 'n1-standard-4', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 2 };
    expect(figures(priceReplicaHours(books.find(null), machine, 0.25))).toEqual([
      '0.25 x 0.219 = $0.05475',
      '0.5 x 0.402 = $0.201',
      '$0.25575',
    ]);
    expect(() => priceReplicaHours(books.find(null), machine, -1)).toThrow(/"replicaHours" is a number from 0/);
  });
});

describe('an estimate that is kept', () => {
  it('is the same after it was plain data, to the last digit', () => {
    const estimate = estimateBatchPrediction(books.find(null), { rows: 7n, secondsPerBatch: 0.1, batchSize: 3 }, null);
    const stored = JSON.parse(JSON.stringify(toStoredEstimate(estimate))) as ReturnType<typeof toStoredEstimate>;
    expect(fromStoredEstimate(stored, books)).toEqual(estimate);
    const scaled = estimateFeaturestore(books.find(null), { minNodes: 1, maxNodes: 2 });
    expect(fromStoredEstimate(toStoredEstimate(scaled), books)).toEqual(scaled);
  });

  it('keeps its figures when its price book is gone', () => {
    const estimate = estimateOnlinePrediction(books.find(null), { hours: 1 });
    const restored = fromStoredEstimate(toStoredEstimate(estimate), new PriceBooks([], 'none'));
    expect(figures(restored)).toEqual(figures(estimate));
    expect(restored.book).toMatchObject({ name: 'google-us-central1', meters: new Map() });
  });
});

describe('online prediction', () => {
  const HAND_COMPUTED: [title: string, endpoint: OnlinePredictionCost, expected: string[]][] = [
    ['a machine for a month', {}, ['730 x 0.219 = $159.87', '$159.87']],
    ['for a day', { hours: 24 }, ['24 x 0.219 = $5.256', '$5.256']],
    [
      'three of another kind with an accelerator',
      { minNodes: 3, machineType: 'n1-standard-2', acceleratorType: 'NVIDIA_TESLA_T4', hours: 10 },
      ['30 x 0.1095 = $3.285', '30 x 0.402 = $12.06', '$15.345'],
    ],
    ['an L4 in the machine', { machineType: 'g2-standard-8', hours: 1 }, ['1 x 0.98 = $0.98', '$0.98']],
    ['no time', { hours: 0 }, ['0 x 0.219 = $0.00', '$0.00']],
  ];
  it.each(HAND_COMPUTED)('costs by hand: %s', (_title, endpoint, expected) => {
    expect(figures(estimateOnlinePrediction(books.find(null), endpoint))).toEqual(expected);
  });

  it('scales from the least to the most', () => {
    const { total, range } = estimateOnlinePrediction(books.find(null), { minNodes: 1, maxNodes: 4, averageNodes: 2 });
    expect([total, range!.least, range!.most].map(formatMoney)).toEqual(['$319.74', '$159.87', '$639.48']);
  });

  it('says what load that is for a node', () => {
    const { assumptions, perPrediction } = estimateOnlinePrediction(books.find(null), {
      minNodes: 2,
      predictions: 525_600_000n,
    });
    expect(assumptions.join('\n')).toMatch(/answer 100 predictions a second on average; whether it can is not checked/);
    expect(perPrediction!.times(525_600_000).toFixed(2)).toBe('319.74');
  });
});

describe('a historical query', () => {
  const TIB = 2n ** 40n;
  it.each([
    ['nothing', 0n, '0 x 6.25 = $0.00'],
    ['1 TiB', TIB, '1 x 6.25 = $6.25'],
    ['half a GiB', 2n ** 29n, '0.00048828125 x 6.25 = $0.003051758'],
    ['1 byte, billed as 10 MiB', 1n, '0.000009536743164 x 6.25 = $0.000059605'],
    ['10 MiB', 10n * 2n ** 20n, '0.000009536743164 x 6.25 = $0.000059605'],
  ])('costs by hand: %s', (_title, bytes, expected) => {
    expect(figures(estimateHistoricalQuery(books.find(null), { bytes }))[0]).toBe(expected);
  });

  it('costs nothing embedded, and says what it would scan', () => {
    const { total, lines, assumptions } = estimateHistoricalQuery(books.find(THIS_MACHINE), { bytes: 3n * TIB });
    expect(total.isZero()).toBe(true);
    expect(lines[0]!.quantity.toNumber()).toBe(3);
    expect(assumptions).toContain('The query scans 3298534883328 bytes at most.');
  });
});

describe('what cannot be priced is refused with its field', () => {
  const batch = (job: Partial<BatchPredictionCost>) => () =>
    estimateBatchPrediction(books.find(null), { rows: 1n, secondsPerBatch: 1, ...job }, null);
  const online = (endpoint: OnlinePredictionCost) => () => estimateOnlinePrediction(books.find(null), endpoint);
  const store = (of: FeaturestoreCost) => () => estimateFeaturestore(books.find(null), of);

  it.each([
    ['negative rows', batch({ rows: -1n }), 'rows', /from 0 to/],
    ['more rows than a table has', batch({ rows: 10n ** 16n }), 'rows', /not 10000000000000000/],
    ['no time for a batch', batch({ secondsPerBatch: 0 }), 'secondsPerBatch', /from 0\.000001/],
    ['time that is not a number', batch({ secondsPerBatch: Number.NaN }), 'secondsPerBatch', /NaN/],
    ['time without end', batch({ secondsPerBatch: Number.POSITIVE_INFINITY }), 'secondsPerBatch', /Infinity/],
    ['an unknown time', batch({ secondsPerBatch: null }), 'secondsPerBatch', /How long does a batch take/],
    ['half a row in a batch', batch({ batchSize: 0.5 }), 'batchSize', /whole number from 1/],
    ['no replica', batch({ startingReplicaCount: 0 }), 'startingReplicaCount', /from 1/],
    ['a start-up before it began', batch({ startupMinutes: -5 }), 'startupMinutes', /from 0/],
    ['a machine that is not in the book', batch({ machineType: 'e2-micro' }), 'machineType', /has: n1-standard-4/],
    ['an accelerator that is not in the book', batch({ acceleratorType: 'T5' }), 'acceleratorType', /NVIDIA_TESLA_T4/],
    ['accelerators of no type', batch({ acceleratorCount: 2 }), 'acceleratorType', /Name the type/],
    [
      'no accelerator of a type',
      batch({ acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 0 }),
      'acceleratorCount',
      /from 1 to 16/,
    ],
    [
      'an accelerator that the machine does not take',
      batch({ machineType: 'g2-standard-4', acceleratorType: 'NVIDIA_TESLA_T4' }),
      'acceleratorType',
      /g2-standard-4 comes with NVIDIA_L4/,
    ],
    [
      'more accelerators than the machine has',
      batch({ machineType: 'g2-standard-4', acceleratorType: 'NVIDIA_L4', acceleratorCount: 2 }),
      'acceleratorCount',
      /has 1 of NVIDIA_L4/,
    ],
    ['negative hours', online({ hours: -1 }), 'hours', /from 0/],
    ['negative nodes', online({ minNodes: -1 }), 'minNodes', /from 0/],
    ['a range from much to little', online({ minNodes: 3, maxNodes: 2 }), 'maxNodes', /less than "minNodes", 3/],
    ['an average outside of the range', online({ minNodes: 2, averageNodes: 1 }), 'averageNodes', /2 to 2/],
    ['negative storage', store({ onlineStorageGib: -1 }), 'onlineStorageGib', /from 0/],
    ['negative reads', store({ readsPerMonth: -1n }), 'readsPerMonth', /from 0/],
    ['a store that is not in the book', store({ onlineStore: 'redis' }), 'onlineStore', /vertex-bigtable/],
    [
      'a meter that is not in the book',
      store({ otherUsage: [{ meter: 'tea', quantity: 1 }] }),
      'otherUsage[0].meter',
      /slot-hour/,
    ],
    [
      'a negative quantity',
      store({ otherUsage: [{ meter: 'slot-hour', quantity: -1 }] }),
      'otherUsage[0].quantity',
      /from 0/,
    ],
    ['negative bytes', () => estimateHistoricalQuery(books.find(null), { bytes: -1n }), 'bytes', /from 0/],
    [
      'machines that the book has no price for',
      () => estimateBatchPrediction(books.find('classic'), { rows: 1n, secondsPerBatch: 1 }, null),
      'priceBook',
      /"classic" has no price for machine-hour/,
    ],
    [
      'accelerators that the book has no price for',
      () => estimateOnlinePrediction(createPriceBook({ 'machine-hour': '1' }), { acceleratorType: 'NVIDIA_L4' }),
      'priceBook',
      /"test" has no price for accelerator-hour/,
    ],
    [
      'a scan without a price',
      () => estimateHistoricalQuery(books.find('classic'), { bytes: 1n }),
      'priceBook',
      /offline-scan-tib/,
    ],
    [
      'a price book that is not there',
      () => books.find('aws'),
      'priceBook',
      /There are: classic, google-asia-southeast1, .*google-us-central1/,
    ],
  ])('%s', (_title, estimate: () => unknown, field, says) => {
    let refusal: unknown;
    try {
      estimate();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ name: 'AppError', code: 'BAD_USER_INPUT', details: { field } });
    expect((refusal as Error).message).toMatch(says);
  });
});

it('a price without a resource is for every resource that has none of its own', () => {
  const book = createPriceBook({ 'machine-hour': '2' });
  expect(figures(estimateOnlinePrediction(book, { machineType: 'any', hours: 3 }))).toEqual(['3 x 2 = $6.00', '$6.00']);
});
