import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PriceBook } from '../../../costs/price-book.js';
import { compareServing, type ServingComparisonRequest } from '../../../costs/serving-comparison.js';
import { createPriceBook, publishedBooks } from '../../support/costs.js';

const compare = (book: PriceBook, request: ServingComparisonRequest) => compareServing(book, request, null);
/** $1 an hour, no start-up: an hour of batches is an hour of a node. */
const DOLLAR = createPriceBook({ 'machine-hour': '1' });

describe('the break-even', () => {
  it.each([
    // A month of a node is 730 hours; a batch of 64 takes one: 730 batches.
    ['a batch an hour', DOLLAR, { secondsPerBatch: 3600 }, 730 * 64],
    // 2 / (1 / 3): the third of an hour has no end in decimals, and still 6 batches are exactly 2 hours.
    ['hours that are thirds of batches', DOLLAR, { secondsPerBatch: 1200, hours: 2, batchSize: 1 }, 6],
    ['the last whole batch before it', DOLLAR, { secondsPerBatch: 3600, hours: 2.5, batchSize: 10 }, 20],
    ['none, as the first batch is dearer', DOLLAR, { secondsPerBatch: 3600, hours: 0.5 }, 0],
    [
      'start-up of each replica',
      createPriceBook({ 'machine-hour': '1' }, { startupMinutes: '30' }),
      { secondsPerBatch: 3600, hours: 4, batchSize: 1, startingReplicaCount: 2 },
      3,
    ],
    [
      'another machine online',
      createPriceBook({ 'machine-hour': { slow: '1', fast: '3' } }),
      { secondsPerBatch: 3600, hours: 10, batchSize: 1, machineType: 'slow', onlineMachineType: 'fast' },
      30,
    ],
  ])('is found by hand: %s', (_title, book, request, expected) => {
    const { breakEvenPredictions } = compare(book, { predictions: 1n, ...request });
    expect(breakEvenPredictions!.toNumber()).toBe(expected);
  });

  it('is null where batch never becomes dearer', () => {
    const { breakEvenPredictions, cheaper, ratio } = compare(createPriceBook({ 'machine-hour': '0' }), {
      predictions: 10n,
      secondsPerBatch: 1,
    });
    expect([breakEvenPredictions, cheaper, ratio!.toNumber()]).toEqual([null, 'BATCH', 1]);
    const book = createPriceBook({ 'machine-hour': { free: '0', dear: '1' } });
    const oneSided = compare(book, {
      predictions: 1n,
      secondsPerBatch: 1,
      machineType: 'free',
      onlineMachineType: 'dear',
    });
    expect([oneSided.breakEvenPredictions, oneSided.ratio]).toEqual([null, null]);
  });

  it('flips the cheaper way, to the prediction', () => {
    const cents = fc.integer({ min: 1, max: 10_000 }).map((value) => (value / 1000).toString());
    const work = fc.record({
      startupMinutes: fc.integer({ min: 0, max: 60 }),
      secondsPerBatch: fc.double({ min: 0.001, max: 1000, noNaN: true }),
      batchSize: fc.integer({ min: 1, max: 500 }),
      startingReplicaCount: fc.integer({ min: 1, max: 20 }),
      hours: fc.double({ min: 0.1, max: 10_000, noNaN: true }),
    });
    fc.assert(
      fc.property(cents, cents, work, (batchPrice, onlinePrice, request) => {
        const book = createPriceBook(
          { 'machine-hour': { batch: batchPrice, online: onlinePrice } },
          { minimum: '0.01' },
        );
        const at = (predictions: bigint) =>
          compare(book, { predictions, machineType: 'batch', onlineMachineType: 'online', ...request });
        const { breakEvenPredictions } = at(1n);
        if (breakEvenPredictions === null) return;
        const breakEven = BigInt(breakEvenPredictions.toFixed(0));
        if (breakEven > 0n) expect(at(breakEven).cheaper).toBe('BATCH');
        if (breakEven < 10n ** 15n) expect(at(breakEven + 1n).cheaper).toBe('ONLINE');
      }),
    );
  });
});

describe('a ratio', () => {
  it('is true up to the volume that the comparison says, and not for one prediction more', async () => {
    const book = (await publishedBooks()).find('google-us-central1');
    const request = { secondsPerBatch: 0.5, machineType: 'n1-standard-4' };
    const most = compare(book, { ...request, predictions: 1n }).mostPredictions(342)!;
    const at = (predictions: bigint) => compare(book, { ...request, predictions }).ratio!.toNumber();
    expect(most.toNumber()).toBe(945_152);
    expect(at(945_152n)).toBeGreaterThanOrEqual(342);
    expect(at(945_153n)).toBeLessThan(342);
    expect(
      compare(book, { ...request, predictions: 1n })
        .mostPredictions(10_000)!
        .toNumber(),
    ).toBe(0);
  });

  it('below 1 is refused', () => {
    const { mostPredictions } = compare(DOLLAR, { predictions: 1n, secondsPerBatch: 1 });
    expect(() => mostPredictions(0.5)).toThrow(/"times" is a number from 1/);
  });
});

describe('the curve', () => {
  it('rises by volume, holds what was asked and the break-even, and agrees with the estimates', () => {
    const comparison = compare(DOLLAR, { predictions: 5000n, secondsPerBatch: 36, batchSize: 10 });
    const volumes = comparison.curve.map(({ predictions }) => predictions.toNumber());
    expect(volumes).toEqual(volumes.toSorted((one, other) => one - other));
    expect(volumes).toEqual(expect.arrayContaining([5000, 730_000, 730_001]));
    const point = (volume: number) => comparison.curve[volumes.indexOf(volume)]!;
    expect(point(5000).batch.equals(comparison.batch.total)).toBe(true);
    expect([point(730_000).cheaper, point(730_001).cheaper]).toEqual(['BATCH', 'ONLINE']);
  });
});

it('no predictions are refused: there is nothing to compare', () => {
  expect(() => compare(DOLLAR, { predictions: 0n, secondsPerBatch: 1 })).toThrow(/"predictions" is at least 1/);
});
