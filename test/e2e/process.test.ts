import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The registries that are prepared in a moment. The flights take most of a minute. */
const REGISTRIES = ['minimal', 'relevance'];

/** A new data folder for a registry of the examples. */
function environment(name: string): Record<string, string> {
  return {
    FEATUREGRAPH_REGISTRY: join(import.meta.dirname, `../../examples/${name}/registry.yaml`),
    FEATUREGRAPH_DATA_DIR: join(temporaryFolder(), 'data'),
  };
}

const SLOW_REGISTRY = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features: [{ name: orders, valueType: INT64 }]
`;
/** Takes a moment as of the past, so that a request can be caught in flight. */
const SLOW_SQL = `SELECT 'c' || (i % 1000) AS entity_id, TIMESTAMP '2001-01-01' + INTERVAL (i) SECOND AS event_timestamp, i AS orders FROM range(2000000) t(i)`;

function slowEnvironment(): Record<string, string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), SLOW_REGISTRY);
  writeFileSync(join(folder, 'customer.sql'), SLOW_SQL);
  return { FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'), FEATUREGRAPH_DATA_DIR: join(folder, 'data') };
}

const ask = (url: string, query: string, variables = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });

describe('the gateway as a process', () => {
  it('answers what is in flight, then ends, when it is told to stop', async () => {
    const gateway = await startGatewayProcess(slowEnvironment());
    const slow = ask(
      gateway.url,
      `query ($ids: [ID!]!) { featureMatrix(featurestore: "shop", entityType: "customer", names: ["orders"], entityIds: $ids, asOf: "2001-01-20T00:00:00Z") { values } }`,
      { ids: Array.from({ length: 1000 }, (_, index) => `c${index}`) },
    );
    // The request has arrived once its own log line would be the only thing missing.
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stopped = gateway.stop();
    const response = await slow;
    const { data } = (await response.json()) as { data: { featureMatrix: { values: string[][] } } };
    expect([response.status, data.featureMatrix.values.length, data.featureMatrix.values[0]]).toEqual([
      200,
      1000,
      ['1641000'],
    ]);
    expect(await stopped).toBe(0);
    await expect(ask(gateway.url, '{ __typename }')).rejects.toThrow();
  });

  it.each(REGISTRIES)('ends at once when nothing is in flight, also with connections kept alive: %s', async (name) => {
    const gateway = await startGatewayProcess(environment(name));
    await (await ask(gateway.url, '{ __typename }')).json();
    const start = performance.now();
    expect(await gateway.stop()).toBe(0);
    expect(performance.now() - start).toBeLessThan(9000);
  });

  it.each(REGISTRIES)('prepares nothing the second time: %s', async (name) => {
    const variables = environment(name);
    const first = await startGatewayProcess(variables);
    await first.stop();
    expect(first.log.some(({ msg }) => String(msg).startsWith('preparing'))).toBe(true);
    const second = await startGatewayProcess(variables);
    await second.stop();
    expect(second.log.some(({ msg }) => String(msg).startsWith('preparing'))).toBe(false);
  });

  it('says what is wrong with its configuration or registry, without a stack, and ends with 1', async () => {
    const run = async (variables: Record<string, string>) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/cli/main.js'), 'serve'], {
        env: { ...variables },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(child, 'exit')) as [number];
      return { code, said };
    };
    const wrong = await run({ PORT: 'x', LOG_LEVEL: 'loud' });
    expect(wrong.code).toBe(1);
    expect(wrong.said).toMatch(/^The environment has faults.*PORT: .*LOG_LEVEL: /s);
    const missing = await run({ FEATUREGRAPH_REGISTRY: 'nowhere.yaml' });
    expect(missing.said).toMatch(/^The registry nowhere.yaml is not there/);
    expect(missing.said).not.toMatch(/\n +at /);
  });

  it.each(REGISTRIES)('does not share its data folder with another process: %s', async (name) => {
    const variables = environment(name);
    const gateway = await startGatewayProcess(variables);
    await expect(startGatewayProcess(variables)).rejects.toThrow(/Does another process use the same data folder/);
    await gateway.stop();
  });

  it('names a command that does not exist, and the one that was meant', () => {
    const cli = join(import.meta.dirname, '../../dist/cli/main.js');
    const { status, stderr } = spawnSync(process.execPath, [cli, 'chek'], { encoding: 'utf8' });
    expect([status, stderr.split('\n')[0], stderr.split('\n')[1]]).toEqual([
      1,
      "error: unknown command 'chek'",
      '(Did you mean check?)',
    ]);
  });
});
