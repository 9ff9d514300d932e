import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  startMovingGateway,
  row,
  writeMovingRegistry,
  writeOrders,
  MOVING_REGISTRY,
} from '../../support/moving-gateway.js';
import { collectErrors, TRANSPORTS, type Operation } from '../../support/stream-clients.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const TOTAL = 'query Total { shop { customer(entityId: "a") { doubleTotal } } }';
const APPLY =
  'mutation Apply($force: Boolean!) { applyRegistry(input: { force: $force }) { isApplied plan { faults } } }';
const REFRESH =
  'mutation Refresh { refreshSource(input: { featurestore: "shop", entityType: "item" }) { job { id } } }';
const PROGRESS = 'subscription Progress($id: ID!) { jobProgress(id: $id) { state } }';
const DOCUMENTS = { total: TOTAL, apply: APPLY, refresh: REFRESH, progress: PROGRESS };

function makeFolder(documents: object): string {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', new Date('2026-01-01T00:00:00Z'), 1)]);
  writeFileSync(join(folder, 'documents.json'), JSON.stringify(documents));
  return folder;
}

const environmentOf = (folder: string) => ({
  FEATUREGRAPH_TRUSTED_DOCUMENTS: join(folder, 'documents.json'),
  FEATUREGRAPH_TRUSTED_DOCUMENTS_ONLY: 'true',
  FEATUREGRAPH_AUDIT_FOLDER: join(folder, 'audit'),
});

async function start() {
  const folder = makeFolder(DOCUMENTS);
  const gateway = await startMovingGateway(folder, environmentOf(folder));
  onTestFinished(gateway.stop);
  const ask = async (documentId: string, variables: object = {}): Promise<any> => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ documentId, variables }),
    });
    return response.json();
  };
  return { gateway, folder, ask };
}

it('a start with a document that is not valid fails, and names it', async () => {
  const folder = makeFolder({ ...DOCUMENTS, old: '{ shop { customer(entityId: "a") { tripleTotal } } }' });
  await expect(startMovingGateway(folder, environmentOf(folder))).rejects.toMatchObject({
    faults: [expect.stringContaining('"old": Cannot query field "tripleTotal"')],
  });
});

it('a registry that breaks a trusted document is not applied, and the manifest is read again with it', async () => {
  const { folder, ask } = await start();
  expect(await ask('total')).toEqual({ data: { shop: { customer: { doubleTotal: '2' } } } });
  writeFileSync(
    join(folder, 'registry.yaml'),
    MOVING_REGISTRY.replace('- { name: double_total, valueType: INT64 }', ''),
  );
  const refused = (await ask('apply', { force: true })).data.applyRegistry;
  expect(refused.isApplied).toBe(false);
  expect(refused.plan.faults.join('\n')).toContain('"total": Cannot query field "doubleTotal"');
  expect(refused.plan.faults.join('\n')).not.toContain(tmpdir());
  expect(await ask('total')).toEqual({ data: { shop: { customer: { doubleTotal: '2' } } } });

  const { total: _, ...rest } = DOCUMENTS;
  writeFileSync(join(folder, 'documents.json'), JSON.stringify({ ...rest, newer: '{ shop { id } }' }));
  expect((await ask('apply', { force: true })).data.applyRegistry).toEqual({ isApplied: true, plan: { faults: [] } });
  expect((await ask('total')).errors[0].extensions.code).toBe('DOCUMENT_NOT_FOUND');
  expect(await ask('newer')).toEqual({ data: { shop: { id: 'featurestores/shop/entities' } } });
}, 60_000);

it.each(TRANSPORTS)(
  'a subscription by its id over %s; another is refused; the audit log has the ids',
  async (_, connect) => {
    const { gateway, folder, ask } = await start();
    const client = connect(gateway.url);
    onTestFinished(() => client.close());
    const { id } = (await ask('refresh')).data.refreshSource.job;
    // The protocol of WebSockets requires a query, and the types of clients do too.
    const byId = { query: '', documentId: 'progress', variables: { id } } as Operation;
    const followed = await client.follow(byId);
    expect(collectErrors(followed)).toEqual([]);
    expect(followed.results.at(-1)).toMatchObject({ data: { jobProgress: { state: 'SUCCEEDED' } } });
    const codes = async (operation: object): Promise<unknown[]> =>
      collectErrors(await client.follow({ query: '', variables: { id }, ...operation })).map(
        ({ extensions }) => extensions.code,
      );
    expect(await codes({ query: PROGRESS.replace('state', 'id') })).toEqual(['DOCUMENT_NOT_TRUSTED']);
    expect(await codes({ query: '', documentId: 'other' })).toEqual(['DOCUMENT_NOT_FOUND']);
    expect(await codes({ query: PROGRESS })).toEqual([]);
    await until(() => auditLines(folder).some(({ operation }) => operation === 'SUBSCRIPTION'));
    expect(auditLines(folder)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ operationName: 'Refresh', documentId: 'refresh' }),
        expect.objectContaining({ operationName: 'Progress', documentId: 'progress' }),
      ]),
    );
  },
  60_000,
);

it('a subscription over WebSocket may give the id in its extensions, as the types of graphql-ws allow', async () => {
  const { gateway, ask } = await start();
  const client = TRANSPORTS[0]![1](gateway.url);
  onTestFinished(() => client.close());
  const { id } = (await ask('refresh')).data.refreshSource.job;
  for (const extensions of [{ documentId: 'progress' }, { persistedQuery: { sha256Hash: 'progress' } }]) {
    const followed = await client.follow({ query: '', extensions, variables: { id } } as Operation);
    expect(followed.results.at(-1)).toMatchObject({ data: { jobProgress: { state: 'SUCCEEDED' } } });
  }
}, 60_000);

function auditLines(folder: string): any[] {
  return readdirSync(join(folder, 'audit'))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) =>
      readFileSync(join(folder, 'audit', name), 'utf8')
        .trim()
        .split('\n'),
    )
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
