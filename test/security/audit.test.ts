import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuditChain } from '../../auth/audit/audit-chain.js';
import { readAuditKey } from '../../auth/audit/audit-files.js';
import { verifyAudit } from '../../auth/audit/verify-audit.js';
import { startPolicedGateway, TRANSPORTS, type PolicedGateway } from '../support/policed-gateway.js';
import { until } from '../support/until.js';

const UNKNOWN_JOB = 'jobs/01a22725-9b13-7135-9ad3-1f69a96e65c7';

let shop: PolicedGateway;
beforeAll(async () => {
  shop = await startPolicedGateway();
});
afterAll(() => shop.close());

const lines = (): any[] =>
  readdirSync(join(shop.folder, 'audit'))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) =>
      readFileSync(join(shop.folder, 'audit', name), 'utf8')
        .trim()
        .split('\n'),
    )
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

it('the audit log has who did what, what was denied, and neither values nor ids', async () => {
  const chain = new AuditChain(await readAuditKey(join(shop.folder, 'audit/key')));
  const hash = chain.hashId('shop.customer', 'acme:7');
  const row = (entityId: string) => ({
    entityType: 'customer',
    entityId,
    timestamp: '2001-01-01T00:00:00Z',
    values: [{ feature: 'email', value: 'zoe@secret.example' }],
  });
  const write =
    'mutation W($rows: [WrittenRowInput!]!) { writeFeatureValues(input: { featurestore: "shop", rows: $rows }) { written } }';
  await shop.ask('acme', write, { rows: [row('acme:7'), row('beta:7')] });
  const read = `query Board { entity(featurestore: "shop", entityType: "customer", entityId: "acme:7", asOf: "2002-01-01T00:00:00Z") {
    features(names: ["city", "email"]) { value } } }`;
  await shop.ask('ann', read);
  await shop.ask('ann', 'mutation { applyRegistry { isApplied } }');
  await shop.ingest('admin', 'customer', [
    { entityId: 'acme:8', timestamp: '2001-01-01T00:00:00Z', values: { city: 'Bern' } },
  ]);
  await shop.ask('nobody', '{ viewer { name } }');
  await shop.ask(
    'ann',
    '{ featurestores { nodes { name } } ...More } fragment More on Query { jobs { nodes { id } } }',
  );
  await shop.ask('ann', `{ job(id: "${UNKNOWN_JOB}") { id } }`);
  await until(() => lines().length >= 7);
  await sleep(300);
  const found = lines();
  expect(found.map(({ principal, operation, operationName }) => [principal, operation, operationName])).toEqual([
    ['key:acme', 'MUTATION', 'W'],
    ['key:ann', 'QUERY', 'Board'],
    ['key:ann', 'MUTATION', null],
    ['key:admin', 'INGEST', null],
    ['key:nobody', 'QUERY', null],
    ['key:ann', 'QUERY', null],
    ['key:ann', 'QUERY', null],
  ]);
  const [written, board, apply, , viewer, catalogue, unknownJob] = found;
  expect([viewer.fields, viewer.accesses]).toEqual([['viewer'], []]);
  expect([catalogue.fields, catalogue.accesses]).toEqual([['featurestores', 'jobs'], []]);
  expect(unknownJob.accesses).toEqual([{ action: 'READ_JOB', job: UNKNOWN_JOB, decision: 'DENIED' }]);
  expect(written.accesses).toEqual([
    {
      action: 'WRITE',
      decision: 'DENIED',
      entityType: 'shop.customer',
      features: ['email'],
      rows: 0,
      entityIds: [chain.hashId('shop.customer', 'beta:7')],
    },
    {
      action: 'WRITE',
      decision: 'ALLOWED',
      entityType: 'shop.customer',
      features: ['email'],
      rows: 1,
      entityIds: [hash],
    },
  ]);
  expect(board.accesses).toEqual([
    {
      action: 'READ',
      decision: 'ALLOWED',
      entityType: 'shop.customer',
      features: ['city'],
      asOf: ['2002-01-01T00:00:00Z'],
      rows: 1,
      entityIds: [hash],
    },
    { action: 'READ', decision: 'DENIED', entityType: 'shop.customer', features: ['email'], entityIds: [hash] },
  ]);
  expect([board.cost, board.bytes].every((number) => number > 0)).toBe(true);
  expect(apply.accesses).toEqual([{ action: 'APPLY_REGISTRY', decision: 'DENIED' }]);
  expect(JSON.stringify(found)).not.toMatch(/secret|acme:|Bern/);
  expect((await verifyAudit(join(shop.folder, 'audit'), chain)).faults).toEqual([]);
});

it.each(TRANSPORTS)(
  'a subscription over %s has a line when it begins, and one for each event with values',
  async (transport) => {
    const before = lines().length;
    const query = `subscription Follow { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["acme:7"]) { entities { features(names: ["email"]) { status } } } }`;
    await shop.follow(transport, 'ann', query, (_result, end) => end());
    await shop.follow(
      transport,
      'ann',
      `subscription { jobProgress(id: "${UNKNOWN_JOB}") { state } }`,
      () => undefined,
    );
    await until(() => lines().length >= before + 3);
    const found = lines().slice(before);
    expect(found.map(({ operation, fields }) => [operation, fields])).toEqual([
      ['SUBSCRIPTION', ['featureValues']],
      ['SUBSCRIPTION', ['featureValues']],
      ['SUBSCRIPTION', ['jobProgress']],
    ]);
    expect(found.map(({ accesses }) => accesses.map(({ action, decision }: any) => [action, decision]))).toEqual([
      [],
      [['READ', 'DENIED']],
      [['READ_JOB', 'DENIED']],
    ]);
  },
);

it('refused credentials are counted in one line, whatever their number', async () => {
  for (let count = 0; count < 30; count += 1) {
    const response = await fetch(shop.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer fgk_wrong' },
      body: '{"query":"{ __typename }"}',
    });
    expect(response.status).toBe(401);
  }
  await until(() => lines().some(({ kind }) => kind === 'REFUSED'));
  const refused = lines().filter(({ kind }) => kind === 'REFUSED');
  expect(refused.reduce((sum, line) => sum + (line.refusals as number), 0)).toBe(30);
  expect(refused.length).toBeLessThanOrEqual(2);
  expect(refused[0].addresses).toMatchObject([{ address: expect.stringContaining('127.0.0.1'), reason: 'INVALID' }]);
  expect(JSON.stringify(refused)).not.toContain('fgk_wrong');
  const chain = new AuditChain(await readAuditKey(join(shop.folder, 'audit/key')));
  expect((await verifyAudit(join(shop.folder, 'audit'), chain)).faults).toEqual([]);
});

it('a second gateway with the same folder does not start, and says what to do', async () => {
  const folder = join(shop.folder, 'audit');
  await expect(startPolicedGateway({ FEATUREGRAPH_AUDIT_FOLDER: folder })).rejects.toThrow(
    /Another gateway writes to the folder of the audit log/,
  );
});
