import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { AuditChain } from '../../auth/audit/audit-chain.js';
import { readAuditKey } from '../../auth/audit/audit-files.js';
import { verifyAudit } from '../../auth/audit/verify-audit.js';
import { startPolicedGateway, TRANSPORTS, type PolicedGateway, type Who } from '../support/policed-gateway.js';

const SECRET = 'zoe@secret.example';

let shop: PolicedGateway;
afterEach(() => shop.close());

/** The lines of the log. A stop writes what was counted until then. */
async function linesAfterStop(): Promise<any[]> {
  await shop.gateway.stop();
  const folder = join(shop.folder, 'audit');
  const chain = new AuditChain(await readAuditKey(join(folder, 'key')));
  expect((await verifyAudit(folder, chain)).faults).toEqual([]);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line));
}

async function post(who: Who, body: string, headers: Record<string, string> = {}): Promise<number> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...shop.headersOf(who), ...headers },
    body,
  };
  const response = await fetch(shop.url, request);
  await response.text();
  return response.status;
}

it('operations that do not run are in the log with their codes, and without a text of the client', async () => {
  shop = await startPolicedGateway({ FEATUREGRAPH_MAX_QUERY_COST: '1000' });
  const expensive = `query Secret ($ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids) { features { value } } }`;
  const ids = Array.from({ length: 500 }, (_, index) => `${SECRET}${index}`);
  // The first one is refused by Apollo's way, the others by the hot lane, which knows the document by then.
  await shop.ask('ann', expensive, { ids: [SECRET] });
  for (let count = 0; count < 3; count += 1) await shop.ask('ann', expensive, { ids });
  await shop.ask('ann', `{ ${SECRET}`);
  await shop.ask('ann', '{ secretField }');
  await shop.ask('ann', 'query ($n: Int!) { jobs(first: $n) { nodes { id } } }', { n: SECRET });
  await shop.ask('ann', 'subscription { jobProgress(id: "x") { state } }');
  expect(await post('bob', '[]')).toBe(400);
  expect(await post('bob', '{')).toBe(400);
  expect(await post('bob', '{}')).toBe(400);
  expect(await post('bob', '{}', { 'content-type': 'text/plain' })).toBe(415);
  expect(await post('nobody', JSON.stringify({ query: '{ a '.repeat(5_000) }))).toBe(400);
  await shop.ask('admin', '{ featurestore(name: "unknown") { name } }');
  const lines = await linesAfterStop();
  const refused = lines.filter(({ kind }) => kind === 'REFUSED_OPERATIONS');
  const all = refused.flatMap(({ operations }) => operations);
  // On a slow machine they are in two lines.
  const counted = (principal: string, code: string) => {
    const found = all.filter((each) => each.principal === principal && each.code === code);
    const [{ decision, operation }] = found;
    return [decision, operation, found.reduce((sum, { refusals }) => sum + (refusals as number), 0)];
  };
  expect(counted('key:ann', 'QUERY_TOO_EXPENSIVE')).toEqual(['REFUSED', 'QUERY', 3]);
  expect(counted('key:ann', 'GRAPHQL_PARSE_FAILED')).toEqual(['REFUSED', null, 1]);
  expect(counted('key:ann', 'GRAPHQL_VALIDATION_FAILED')).toEqual(['REFUSED', null, 1]);
  expect(counted('key:ann', 'BAD_USER_INPUT')).toEqual(['REFUSED', 'QUERY', 1]);
  expect(counted('key:ann', 'WRONG_TRANSPORT')).toEqual(['REFUSED', 'SUBSCRIPTION', 1]);
  expect(counted('key:bob', 'BAD_REQUEST')).toEqual(['REFUSED', null, 4]);
  expect(counted('key:nobody', 'QUERY_TOO_EXPENSIVE')).toEqual(['REFUSED', null, 1]);
  expect(refused.reduce((sum, line) => sum + (line.refusals as number), 0)).toBe(12);
  const chain = new AuditChain(await readAuditKey(join(shop.folder, 'audit/key')));
  expect(all.find(({ code }) => code === 'QUERY_TOO_EXPENSIVE').document).toBe(chain.hashDocument(expensive));
  expect(JSON.stringify(refused)).not.toMatch(/secret/i);
  // An operation that ran and found nothing is a line of its own, with the code of its error.
  expect(lines.find(({ principal }) => principal === 'key:admin')).toMatchObject({ kind: 'OPERATION' });
});

it('a flood of them is one line for all that come in some seconds', async () => {
  shop = await startPolicedGateway();
  const start = performance.now();
  await Promise.all(Array.from({ length: 200 }, (_, index) => post('ann', `{"query":"{ unknown${index} }"}`)));
  const seconds = (performance.now() - start) / 1000;
  const refused = (await linesAfterStop()).filter(({ kind }) => kind === 'REFUSED_OPERATIONS');
  expect(refused.length).toBeLessThanOrEqual(seconds / 10 + 2);
  expect(refused.reduce((sum, line) => sum + (line.refusals as number), 0)).toBe(200);
});

it.each(TRANSPORTS)('a subscription over %s that does not begin is in the log', async (transport) => {
  shop = await startPolicedGateway();
  await shop.follow(transport, 'ann', 'subscription { secretField }', () => undefined);
  await shop.follow(transport, 'ann', '{ viewer { name } }', () => undefined);
  const refused = (await linesAfterStop()).filter(({ kind }) => kind === 'REFUSED_OPERATIONS');
  expect(refused.flatMap(({ operations }) => operations.map(({ code, operation }: any) => [code, operation]))).toEqual([
    ['GRAPHQL_VALIDATION_FAILED', 'SUBSCRIPTION'],
    ['WRONG_TRANSPORT', 'SUBSCRIPTION'],
  ]);
});
