import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { WRITE_VALUES, writtenShop } from '../support/written-shop.js';

const CLI = join(import.meta.dirname, '../../dist/cli/main.js');
const READ = `query ($id: ID!) { entity(featurestore: "shop", entityType: "customer", entityId: $id) { features { value } } }`;
const DELETE = `mutation ($ids: [ID!]!) { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: $ids }) { erasedServedReads userErrors { message } } }`;

it('logs what the gateway serves, erases it with its entity, and compares the rest on the command line', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), writtenShop('notes', '{ name: note, valueType: STRING }'));
  const gateway = await startGatewayProcess({
    FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
    FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
    FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: '1',
  });
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  const send = async (query: string, variables: object): Promise<any> => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
  const rows = ['a', 'b'].map((entityId) => ({
    entityType: 'customer',
    entityId,
    timestamp: '2001-05-01T00:00:00Z',
    values: [{ feature: 'note', value: `note of ${entityId}` }],
  }));
  const written = await send(WRITE_VALUES, { input: { featurestore: 'shop', rows } });
  expect(written.data.writeFeatureValues.userErrors).toEqual([]);
  for (const id of ['a', 'a', 'b']) {
    expect(await send(READ, { id })).toEqual({ data: { entity: { features: [{ value: `note of ${id}` }] } } });
  }
  const before = await skew(gateway.url);
  expect(before).toMatchObject({ code: 0 });
  expect(before.text).toContain('Compared: 3,');

  expect(await send(DELETE, { ids: ['a'] })).toEqual({
    data: { deleteEntities: { erasedServedReads: '2', userErrors: [] } },
  });
  const after = await skew(gateway.url);
  expect(after).toMatchObject({ code: 0 });
  expect(after.text).toContain('Compared: 1,');
  expect(after.text).not.toContain('Compared: 3,');
  expect(await gateway.stop()).toBe(0);
});

function skew(url: string): Promise<{ readonly code: number | string | undefined | null; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, 'skew', 'shop', 'customer', '--from', '2001-01-01T00:00:00Z', '--url', url],
      (error, out, faults) => resolve({ code: error ? error.code : 0, text: out + faults }),
    );
  });
}
