import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPriceBooks, toPriceBooks } from '../../../costs/files/load-price-books.js';
import { METERS } from '../../../costs/meters.js';
import { publishedBooks } from '../../support/costs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const price = { sku: 'node', unitPrice: '0.5', quality: 'assumed', source: 'Me' };
const meter = { unit: 'node hour', description: 'Node', prices: [price] };
const book = {
  name: 'mine',
  region: 'here',
  effectiveDate: '2026-01-01',
  source: 'Me',
  currency: 'USD',
  meters: { 'online-node-hour': meter },
};

function written(...books: unknown[]): string {
  const folder = temporaryFolder();
  for (const [index, content] of books.entries()) {
    writeFileSync(join(folder, `${index}.json`), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

describe('price books', () => {
  it('are found by id, by name in the newest edition, or as configured', async () => {
    const newer = { ...book, effectiveDate: '2026-02-01' };
    const books = toPriceBooks(await loadPriceBooks(written(newer, book)), 'mine');
    const dates = [null, 'mine', 'priceBooks/mine@2026-01-01'].map((wanted) => books.find(wanted).effectiveDate);
    expect(dates).toEqual(['2026-02-01', '2026-02-01', '2026-01-01']);
  });

  it('of the operator take the place of published ones of the same name and date', async () => {
    const published = (await publishedBooks()).find('classic');
    const own = { ...book, name: 'classic', effectiveDate: published.effectiveDate };
    const books = toPriceBooks(await loadPriceBooks(written(own)), 'classic');
    expect([published.region, books.find('classic').region]).toEqual(['anywhere', 'here']);
  });

  it('can be one file', async () => {
    const loaded = await loadPriceBooks(join(written(book), '0.json'));
    expect(loaded.map(({ book: { name } }) => name)).toContain('mine');
  });

  it('report all faults of all files at once', async () => {
    const faults = [
      '{',
      { ...book, currency: 'EUR' },
      { ...book, effectiveDate: 'yesterday' },
      { ...book, source: 'https://prices.example' },
      { ...book, meters: { 'online-node-hour': { ...meter, prices: [{ ...price, unitPrice: 0.5 }] } } },
      { ...book, meters: { 'online-node-hour': { ...meter, prices: [{ ...price, unitPrice: '-1' }] } } },
      { ...book, meters: { 'online-node-hour': { ...meter, prices: [{ ...price, quality: 'sure' }] } } },
      { ...book, meters: { 'online-node-hour': { ...meter, prices: [price, price] } } },
      {
        ...book,
        meters: {
          a: { ...meter, prices: [{ parts: [{ meter: 'b', quantity: '1' }], quality: 'assumed', source: 'Me' }] },
        },
      },
    ];
    const loading = loadPriceBooks(written(...faults));
    await expect(loading).rejects.toMatchObject({ name: 'OperatorError', faults: expect.any(Array) });
    const said = await loading.then(String, String);
    for (const fault of [
      /0\.json: .*JSON/,
      /1\.json: currency: /,
      /2\.json: effectiveDate: /,
      /3\.json: source: the name of a source, not its address/,
      /4\.json: meters\.online-node-hour\.prices\.0\.unitPrice: .*expected string/,
      /5\.json: meters\.online-node-hour\.prices\.0\.unitPrice: a decimal figure in quotes/,
      /6\.json: meters\.online-node-hour\.prices\.0\.quality: /,
      /7\.json: meters\.online-node-hour: two prices for any resource/,
      /8\.json: meters\.a: there is no price of b to be a part/,
    ]) {
      expect(said).toMatch(fault);
    }
  });

  it('that are not there, or none of which is the configured one, are the operator’s fault', async () => {
    await expect(loadPriceBooks('/nowhere')).rejects.toThrow(/FEATUREGRAPH_PRICE_BOOKS names them/);
    const files = await loadPriceBooks(written(book));
    expect(() => toPriceBooks(files, 'yours')).toThrow(/no price book "yours".*FEATUREGRAPH_PRICE_BOOK names it/);
  });

  it('that are published price every meter that is counted, and say how good each figure is', async () => {
    const published = (await publishedBooks()).find('google-us-central1');
    expect([...published.meters.keys()]).toEqual(expect.arrayContaining(Object.values(METERS)));
    const sources = [...published.meters.values()].flatMap(({ prices }) => prices.map(({ source }) => source));
    expect(sources.every((source) => source.length > 0 && !source.includes('://'))).toBe(true);
  });
});
