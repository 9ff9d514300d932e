import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** SOAK_ROUNDS=400 looks for hours. */
const ROUNDS = Number(process.env.SOAK_ROUNDS ?? 16);
const REQUESTS_PER_ROUND = 400;
const CONCURRENT = 8;

const REGISTRY = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - name: notes
            features: [{ name: note, valueType: STRING }, { name: orders, valueType: INT64 }]
`;
const OF = 'featurestore: "shop", entityType: "customer"';
const WRITE = `mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written userErrors { message } } }`;

/** What many different clients send: reads, writes, faults, and documents that no two of them share. */
function requestOf(number: number): object {
  const id = `c${number % 500}`;
  switch (number % 6) {
    case 0:
      return { query: `{ entity(${OF}, entityId: "${id}") { features { name value status } } }` };
    case 1:
      return {
        query: `query ($id: ID!) { entity(${OF}, entityId: $id) { history(feature: "note", first: 5) { nodes { value } } } }`,
        variables: { id },
      };
    case 2: {
      const row = {
        entityType: 'customer',
        entityId: id,
        timestamp: new Date(1_000_000_000_000 + (number % 5_000) * 1000).toISOString(),
        values: [{ feature: 'note', value: `note ${number % 100}` }],
      };
      return { query: WRITE, variables: { input: { featurestore: 'shop', rows: [row] } } };
    }
    case 3:
      return { query: `{ unique${number}: entity(${OF}, entityId: "${id}") { entityId } }` };
    case 4:
      return { query: `{ nothing${number} }` };
    default:
      return {
        query: `query Q${number} ($ids: [ID!]!) { featureMatrix(${OF}, entityIds: $ids, names: ["note"]) { values } }`,
        variables: { ids: Array.from({ length: 200 }, (_, index) => `c${index}`) },
      };
  }
}

/** Linux alone tells it. */
function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

it.skipIf(process.platform !== 'linux')(
  'a gateway that has answered many thousands of different requests needs no more memory than before',
  async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
    const gateway = await startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      // A small heap is collected often, so that what is left is what is held.
      NODE_OPTIONS: '--max-semi-space-size=2',
      FEATUREGRAPH_DUCKDB_MEMORY_BYTES: String(128 * 1_048_576),
    });
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    let number = 0;
    const send = async (): Promise<void> => {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(requestOf(number++)),
      });
      expect(await response.text()).not.toContain('INTERNAL_SERVER_ERROR');
    };
    const sizes: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const end = number + REQUESTS_PER_ROUND;
      await Promise.all(
        Array.from({ length: CONCURRENT }, async () => {
          while (number < end) await send();
        }),
      );
      sizes.push(residentMiB(gateway.child.pid!));
    }
    // The first half fills caches, which have their bounds. The smallest of a quarter has the least garbage.
    const quarter = Math.floor(ROUNDS / 4);
    const [third, fourth] = [sizes.slice(-2 * quarter, -quarter), sizes.slice(-quarter)].map((part) =>
      Math.min(...part),
    );
    console.log(`memory after each ${REQUESTS_PER_ROUND} requests, MiB: ${sizes.map(Math.round).join(' ')}`);
    expect(fourth! - third!).toBeLessThan(24);
    expect(await gateway.stop()).toBe(0);
  },
  600_000,
);
