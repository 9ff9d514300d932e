import { describe, expect, it } from 'vitest';
import { CostEstimator } from '../../../costs/cost-estimator.js';
import { estimateWork } from '../../../costs/estimate-work.js';
import { HOUR_OF_BATCHES } from '../../support/batch-work.js';
import { createPriceBook, publishedBooks } from '../../support/costs.js';
import { PriceBooks } from '../../../costs/price-book.js';

const NO_HISTORY = { runs: async () => [] };
const published = async () => new CostEstimator(await publishedBooks(), NO_HISTORY);
const TIB = 2n ** 40n;

describe('the prices of a location', () => {
  // $ per TiB, of the price list of BigQuery, 2026-09-02.
  it.each([
    ['US', 6.25],
    ['us-central1', 6.25],
    ['europe-west1', 7.5],
    ['asia-southeast1', 8.4375],
    ['southamerica-east1', 11.25],
  ])('are those of its book: 2 TiB in %s', async (location, perTib) => {
    const { total, assumptions } = await (await published()).historicalQuery({ bytes: 2n * TIB, location });
    expect(total.toNumber()).toBe(2 * perTib);
    expect(assumptions.join()).not.toContain('No price book');
  });

  it('are said to be missing where there are none, and are those of the default book', async () => {
    const estimator = await published();
    const { total, assumptions } = await estimator.historicalQuery({ bytes: TIB, location: 'EU' });
    expect(total.toNumber()).toBe(6.25);
    expect(assumptions[0]).toBe(
      'No price book has prices of offline-scan-tib in eu: these are the prices of us-central1, and the bill may differ.',
    );
  });

  it('are looked up by meter: a book with the queries of a region has none of its machines', async () => {
    const { assumptions, book } = await estimateWork(await published(), {
      ...HOUR_OF_BATCHES,
      location: 'europe-west1',
    });
    expect(book.name).toBe('google-us-central1');
    expect(assumptions[0]).toMatch(/^No price book has prices of machine-hour in europe-west1/);
  });

  it('of machines are those of another region, and said to be, where the default book has queries only', async () => {
    const books = new PriceBooks([...(await publishedBooks()).all], 'google-europe-west1');
    const estimator = new CostEstimator(books, NO_HISTORY);
    for (const location of ['europe-west1', 'europe-west4']) {
      const { assumptions, book, total } = await estimateWork(estimator, { ...HOUR_OF_BATCHES, location });
      expect([book.name, total.isZero()]).toEqual(['google-us-central1', false]);
      expect(assumptions[0]).toBe(
        `No price book has prices of machine-hour in ${location}: these are the prices of us-central1, and the bill may differ.`,
      );
    }
  });

  it('give way to a book that the request names, and to a default book of the location', async () => {
    const named = await (
      await published()
    ).historicalQuery({
      bytes: TIB,
      location: 'europe-west1',
      priceBook: 'google-us-central1',
    });
    expect([named.total.toNumber(), named.assumptions[0]]).toEqual([6.25, `The query scans ${TIB} bytes at most.`]);
    const own = { ...createPriceBook({ 'offline-scan-tib': '1' }), name: 'own', region: 'europe-west1' };
    const books = new PriceBooks([...(await publishedBooks()).all, own], 'own');
    const estimator = new CostEstimator(books, NO_HISTORY);
    expect((await estimator.historicalQuery({ bytes: TIB, location: 'europe-west1' })).total.toNumber()).toBe(1);
  });
});

describe('an estimate says', () => {
  it('that the machine is assumed where the request names none', async () => {
    const { assumptions } = await estimateWork(await published(), { ...HOUR_OF_BATCHES, isMachineAssumed: true });
    expect(assumptions[0]).toBe(
      'The request names no machine, so it is n1-standard-4. A model that chooses its machines itself may cost more.',
    );
  });

  it('how large an input in Cloud Storage is, or that it is not known', async () => {
    const estimator = await published();
    const sized = await estimateWork(estimator, {
      ...HOUR_OF_BATCHES,
      rows: null,
      inputObjects: { count: 1, bytes: 5n },
    });
    expect(sized.assumptions[1]).toBe('The input has 5 bytes in 1 object of Cloud Storage.');
    const unknown = await estimateWork(estimator, { ...HOUR_OF_BATCHES, rows: null, inputObjects: null });
    expect(unknown.assumptions[1]).toMatch(/^How large the input is is not known/);
  });
});
