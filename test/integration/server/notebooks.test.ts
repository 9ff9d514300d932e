import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPythonModules, howToGet, runPython } from '../../support/python.js';
import { findSource, row, smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const MODULES = ['pyarrow', 'pandas', 'polars'];
const hasModules = hasPythonModules(...MODULES);
if (!hasModules) console.warn(howToGet(MODULES));

const page = readFileSync(new URL('../../../docs/notebooks.md', import.meta.url), 'utf8');
const [define = '', withPandas = '', withPolars = ''] = [...page.matchAll(/```python\n(.*?)```/gs)].map(
  ([, code]) => code!,
);

describe.skipIf(!hasModules)('the examples of docs/notebooks.md', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(smallRegistry());
    await gateway.write(findSource(gateway, 'shop', 'customer'), [
      row('ann', -5, { orders_7d: 9_007_199_254_740_993n, mean_basket: 1, city: 'Zürich ✈' }),
    ]);
  });
  afterAll(() => gateway.close());

  const run = async (program: string): Promise<unknown> =>
    JSON.parse(await runPython(program, { FEATUREGRAPH_URL: gateway.url.replace('/graphql', '') }));
  const head = `import os\nurl = os.environ["FEATUREGRAPH_URL"]\n${define}`;

  it('give a frame of pandas with exact integers and nulls', async () => {
    const out =
      'print(json.dumps([str(frame["orders_7d"].dtype), str(frame["orders_7d"][0]), bool(frame["orders_7d"].isna()[1])]))';
    expect(await run(`${head}\n${withPandas}\n${out}`)).toEqual(['int64[pyarrow]', '9007199254740993', true]);
  });

  it('give a frame of polars', async () => {
    const out =
      'print(json.dumps([str(frame["orders_7d"].dtype), str(frame["orders_7d"][0]), frame["orders_7d"].null_count(), frame["entityId"].to_list()]))';
    expect(await run(`${head}\n${withPolars}\n${out}`)).toEqual(['Int64', '9007199254740993', 1, ['ann', 'bob']]);
  });

  it('have statuses as a dictionary and times in microseconds of UTC', async () => {
    const read = `table = read_features(url, featurestore="shop", entityType="customer", entityIds=["ann", "bob"], names=["city"], withStatuses=True, withTimestamps=True)`;
    const out =
      'print(json.dumps([[str(one) for one in table.schema.types], table["city__status"].to_pylist(), table["city"].to_pylist(), table["city__timestamp"].cast("int64").to_pylist()]))';
    expect(await run(`${head}\n${read}\n${out}`)).toEqual([
      ['string', 'string', 'dictionary<values=string, indices=int8, ordered=0>', 'timestamp[us, tz=UTC]'],
      ['PRESENT', 'NOT_FOUND'],
      ['Zürich ✈', null],
      [999_999_995_000_000, null],
    ]);
  });
});
