import { expect, it, onTestFinished } from 'vitest';
import { row, startMovingGateway, writeMovingRegistry, writeOrders } from '../../support/moving-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-01-02T00:00:00Z');

it('tell how old the newest row of each computed source is, and whether its files changed since', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1)]);
  const gateway = await startMovingGateway(folder, { METRICS_PORT: '0' });
  onTestFinished(() => gateway.stop());
  const measure = async (name: string): Promise<Record<string, number>> => {
    const text = await (await fetch(gateway.metricsUrl!)).text();
    const lines = text.matchAll(
      new RegExp(
        `^featuregraph_source_${name}\\{featurestore="shop",entity_type="(\\w+)",source="values"\\} (.+)$`,
        'gm',
      ),
    );
    return Object.fromEntries(Array.from(lines, ([, entityType, value]) => [entityType!, Number(value)]));
  };
  const secondsSince = (moment: Date): number => (Date.now() - moment.getTime()) / 1000;

  expect(await measure('behind')).toEqual({ customer: 0, item: 0 });
  const { customer: early } = await measure('freshness_seconds');
  expect(secondsSince(EARLY) - early!).toBeGreaterThanOrEqual(0);
  expect(early).toBeGreaterThan(secondsSince(LATE));

  writeOrders(folder, [row('a', EARLY, 1), row('a', LATE, 2)]);
  expect(await measure('behind')).toEqual({ customer: 1, item: 0 });
  // The age is that of the rows, and not that of the file.
  expect((await measure('freshness_seconds')).customer).toBeGreaterThanOrEqual(early!);

  expect(await gateway.refresh('customer')).toMatchObject({ state: 'SUCCEEDED' });
  expect(await measure('behind')).toEqual({ customer: 0, item: 0 });
  const { customer: late } = await measure('freshness_seconds');
  expect(secondsSince(LATE) - late!).toBeGreaterThanOrEqual(0);
  expect(late).toBeGreaterThan(secondsSince(LATE) - 3600);
});
