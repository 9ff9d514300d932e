import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { driftCommand } from '../../../cli/commands/drift.js';
import { findSource, row, smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('ann', -30, { orders_7d: 1n, mean_basket: 2, city: 'Rome' }),
    row('bob', -29, { orders_7d: 2n, mean_basket: 4, city: 'Bern' }),
    row('ann', -10, { orders_7d: 1n, mean_basket: 2, city: 'Rome' }),
    row('bob', -9, { orders_7d: 2n, mean_basket: 4, city: 'Rome' }),
  ]);
});
afterAll(() => gateway.close());
afterEach(() => void (process.exitCode = undefined));

async function run(...args: string[]): Promise<{ out: string; exitCode: unknown }> {
  let out = '';
  process.exitCode = undefined;
  const command = driftCommand((text) => (out += text));
  const range = ['--from', '2001-09-09T01:46:25Z'];
  await command.parseAsync(['shop', 'customer', ...args, ...range, '--url', gateway.url], { from: 'user' });
  return { out, exitCode: process.exitCode };
}

describe('featuregraph drift', () => {
  it('prints a line for each feature that can be compared, and ends with 2 if one has drifted', async () => {
    const { out, exitCode } = await run();
    expect(out).toMatch(/orders_7d +│ JENSEN_SHANNON +│ 0 +│ 0\.3 +│ no +│ 2 +│ 2 /);
    expect(out).toMatch(/city +│ L_INFINITY +│ 0\.5 +│ 0\.3 +│ yes/);
    expect(out).not.toMatch(/born/);
    expect(exitCode).toBe(2);
  });

  it('ends with 0 if the distance is not above the threshold', async () => {
    expect((await run('city', '--threshold', '0.5')).exitCode).toBeUndefined();
    expect((await run('orders_7d')).exitCode).toBeUndefined();
  });

  it('ends with 1 if the gateway refuses a feature and no other has drifted', async () => {
    const { out, exitCode } = await run('--metric', 'wasserstein');
    expect(out).toMatch(/city +│ .*WASSERSTEIN is a distance of numbers/);
    expect(exitCode).toBe(1);
  });

  it('ends with 1 if the baseline has no values', async () => {
    const { out, exitCode } = await run('city', '--baseline-from', '2001-09-09T01:46:24Z');
    expect(out).toMatch(/city +│ L_INFINITY +│ .*│ unknown +│ 0 /);
    expect(exitCode).toBe(1);
  });

  it('compares with the baseline that is named', async () => {
    const { out } = await run('city', '--baseline-from', '2001-09-09T01:46:11Z');
    // Only Bern is in the baseline.
    expect(out).toMatch(/city +│ L_INFINITY +│ 1 /);
  });
});
