import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRow } from '../../../datasources/offline/offline-store.js';
import type { RawValue } from '../../../values/value-type.js';
import { statsCommand } from '../../../cli/commands/stats.js';
import { findSource, smallRegistry, T } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const row = (entityId: string, seconds: number | null, values: Record<string, RawValue | null>): FeatureRow => ({
  entityId,
  timestamp: seconds === null ? null : T(seconds),
  values: new Map(Object.entries(values)),
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('ann', -30, { orders_7d: 9_007_199_254_740_993n, mean_basket: 2, city: 'Rome' }),
    row('ann', -20, { orders_7d: 1n, mean_basket: 4, city: 'Rome' }),
    // The same moment again: the later arrival counts.
    row('ann', -20, { orders_7d: 3n, mean_basket: null, city: 'Bern' }),
    row('bob', -10, { mean_basket: NaN, city: 'Rome' }),
    // Not true yet.
    row('bob', 10, { orders_7d: 99n, mean_basket: 99, city: 'Nowhere' }),
  ]);
  await gateway.write(findSource(gateway, 'shop', 'customer', 1), [row('ann', null, { born: T(-9000) })]);
});
afterAll(() => gateway.close());

const feature = (name: string, fields: string) =>
  `{ featurestore(name: "shop") { entityType(name: "customer") { feature(name: "${name}") { ${fields} } } } }`;
const ask = async (name: string, fields: string) => {
  const { data, errors } = await gateway.ask(feature(name, fields));
  return { found: data?.featurestore.entityType.feature, errors };
};

describe('the statistics of a feature', () => {
  it('count one value for each entity and event time until now, with all digits of an INT64', async () => {
    const { found, errors } = await ask(
      'orders_7d',
      'statistics { count missing distinct notFinite mean standardDeviation min max oldest newest topValues { value count } }',
    );
    expect(errors).toBeUndefined();
    expect(found.statistics).toEqual({
      count: '2',
      missing: '1',
      distinct: '2',
      notFinite: null,
      mean: 4503599627370498,
      standardDeviation: 4503599627370495,
      min: '3',
      max: '9007199254740993',
      oldest: '2001-09-09T01:46:10Z',
      newest: '2001-09-09T01:46:30Z',
      topValues: [
        { value: '3', count: '1' },
        { value: '9007199254740993', count: '1' },
      ],
    });
  });

  it('leave what is not finite out of moments, quantiles and bins', async () => {
    const { found } = await ask(
      'mean_basket',
      `statistics(bins: 2) { count notFinite mean histogram { low high count } quantiles { share value }
        hasApproximateQuantiles topValues { value count } }`,
    );
    expect(found.statistics).toMatchObject({
      count: '3',
      notFinite: '1',
      mean: 3,
      histogram: [
        { low: 2, high: 3, count: '1' },
        { low: 3, high: 4, count: '1' },
      ],
      hasApproximateQuantiles: false,
    });
    expect(found.statistics.quantiles.map(({ share }: { share: number }) => share)).toEqual([
      0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99,
    ]);
    expect(found.statistics.topValues.at(-1)).toEqual({ value: 'NaN', count: '1' });
  });

  it('are those of a range, with its end excluded, and of the named entities', async () => {
    const range = 'range: { from: "2001-09-09T01:46:10Z", before: "2001-09-09T01:46:20Z" }';
    const counts = async (args: string) => (await ask('city', `statistics(${args}) { count }`)).found.statistics.count;
    expect(await counts(range)).toBe('1');
    expect(await counts('range: { before: "2030-01-01T00:00:00Z" }')).toBe('3');
    expect(await counts('entityIds: ["bob", "nobody"]')).toBe('1');
    expect(await counts('entityIds: []')).toBe('0');
  });

  it('of a static source are those of its one value for each entity', async () => {
    const { found } = await ask('born', 'statistics(range: { before: "1990-01-01T00:00:00Z" }) { count min newest }');
    expect(found.statistics).toEqual({ count: '1', min: '2001-09-08T23:16:40Z', newest: null });
  });

  it('of no values are counts of 0 and nulls', async () => {
    const { found } = await ask(
      'mean_basket',
      'statistics(range: { before: "1990-01-01T00:00:00Z" }) { count mean min quantiles { value } histogram { low } }',
    );
    expect(found.statistics).toEqual({ count: '0', mean: null, min: null, quantiles: [], histogram: [] });
  });

  it.each([
    ['topValues: 0', 'topValues'],
    ['topValues: 101', 'topValues'],
    ['bins: 51', 'bins'],
    ['entityIds: ["ann", ""]', 'entityIds[1]'],
    ['range: { from: "2001-01-02T00:00:00Z", before: "2001-01-02T00:00:00Z" }', 'range.from'],
  ])('refuse %s and name the argument', async (args, field) => {
    const { found, errors } = await ask('city', `statistics(${args}) { count }`);
    expect(found.statistics).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
  });

  it('have an estimate, which says how many bytes are scanned', async () => {
    const { found } = await ask('city', 'estimateStatistics { total { amount } assumptions }');
    expect(found.estimateStatistics.total.amount).toBe(0);
    expect(found.estimateStatistics.assumptions[0]).toMatch(/^The query scans \d+ bytes at most\.$/);
  });
});

describe('the drift of a feature', () => {
  // The first has ann at 10 s and 20 s, the second bob at 30 s, of the minute.
  const RANGES = 'baseline: { before: "2001-09-09T01:46:25Z" }, range: { from: "2001-09-09T01:46:25Z" }';
  const FIELDS = 'metric distance threshold isDrift baselineCount count baselineMissing missing';

  it('of a text is the L-infinity distance, with the threshold of the request or of 0.3', async () => {
    const { found, errors } = await ask('city', `drift(${RANGES}) { ${FIELDS} }`);
    expect(errors).toBeUndefined();
    // Rome is a half of the values, and then all.
    expect(found.drift).toEqual({
      metric: 'L_INFINITY',
      distance: 0.5,
      threshold: 0.3,
      isDrift: true,
      baselineCount: '2',
      count: '1',
      baselineMissing: '0',
      missing: '0',
    });
    const higher = await ask('city', `drift(${RANGES}, threshold: 0.5) { isDrift threshold }`);
    expect(higher.found.drift).toEqual({ isDrift: false, threshold: 0.5 });
  });

  it('does not exist without a finite number in a range', async () => {
    const { found } = await ask('mean_basket', `drift(${RANGES}) { metric distance isDrift count }`);
    expect(found.drift).toEqual({ metric: 'JENSEN_SHANNON', distance: null, isDrift: null, count: '1' });
  });

  it('by another metric has no threshold unless the request has one', async () => {
    const { found } = await ask('city', `drift(${RANGES}, metric: JENSEN_SHANNON) { metric threshold isDrift }`);
    expect(found.drift).toEqual({ metric: 'JENSEN_SHANNON', threshold: null, isDrift: null });
  });

  it.each([
    ['city', 'metric: WASSERSTEIN', 'metric'],
    ['city', 'threshold: -1', 'threshold'],
    ['born', '', undefined],
  ])('of %s with %s is refused', async (name, args, field) => {
    const { errors } = await ask(name, `drift(${RANGES}, ${args}) { distance }`);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', ...(field ? { field } : {}) } }]);
  });
});

describe('featuregraph stats', () => {
  const run = async (...args: string[]) => {
    let out = '';
    const command = statsCommand((text) => (out += text));
    await command.parseAsync([...args, '--url', `${gateway.url}/graphql`.replace('/graphql/graphql', '/graphql')], {
      from: 'user',
    });
    return out;
  };

  it('prints a line for each feature', async () => {
    const out = await run('shop', 'customer');
    expect(out).toMatch(/orders_7d +│ INT64 +│ 2 +│ 1 +│ 2 +│ 4\.50360e\+15/);
    expect(out).toMatch(/city +│ STRING +│ 3 .*Rome \(2\)/);
    expect(out).toMatch(/born +│ TIMESTAMP/);
  });

  it('prints the quantiles, the top values and the histogram of one', async () => {
    const out = await run('shop', 'customer', 'mean_basket', '--before', '2001-09-09T01:46:30Z');
    expect(out).toMatch(/^mean_basket: DOUBLE in EUR\n {2}values +2\n/);
    expect(out).toMatch(/ {2}50 % +2\n/);
    expect(out).toMatch(/2 to 2\.2 +1 #{40}\n/);
  });

  it('reports the refusal of the gateway', async () => {
    await expect(run('shop', 'customer', 'nothing')).rejects.toThrow(/nothing/);
  });
});
