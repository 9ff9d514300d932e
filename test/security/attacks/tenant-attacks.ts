import { expect } from 'vitest';
import type { Who } from '../../support/policed-gateway.js';
import { cell, everywhere, expectRefusal, type Attack, type Transport } from './attack.js';
import { SECRET, UNKNOWN_JOB, type Attacked, type Sent } from './attacked-gateway.js';
import { historyIn, historyOf } from './document-attacks.js';

/** All that an answer says, without the id that was asked for and the id of the request. */
function said({ data, errors }: Sent, id: string): string {
  const told = errors.map(({ message, extensions }) => [message, extensions?.code, extensions?.field]);
  return JSON.stringify([data, told]).replaceAll(id, 'ID');
}

const features = 'entityId features { name value status timestamp }';
const entity = (transport: Transport, id: string): string =>
  transport === 'http'
    ? `{ node(id: "featurestores/shop/entityTypes/customer/entities/${id}") { ... on Entity { ${features} } } }`
    : `subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["${id}"]) { entities { ${features} } } }`;

/** What a tenant reads of another's entity is what it reads of one that does not exist. */
const foreignEntity = async (gateway: Attacked, transport: Transport): Promise<void> => {
  const ask = async (who: Who, id: string) =>
    said(await gateway.send(transport, who, { query: entity(transport, id) }), id);
  expect(await ask('acme', 'beta:1')).toBe(await ask('acme', 'beta:9'));
  expect(await ask('acme', 'acme:1')).toContain(SECRET);
};

/** Another's job is answered as one that does not exist. */
const foreignJob = async (gateway: Attacked, transport: Transport): Promise<void> => {
  const query = (id: string) =>
    transport === 'http'
      ? `{ job(id: "${id}") { id state } }`
      : `subscription { jobProgress(id: "${id}") { id state } }`;
  const ask = async (who: Who, id: string) => said(await gateway.send(transport, who, { query: query(id) }), id);
  expect(await ask('acme', gateway.job)).toBe(await ask('acme', UNKNOWN_JOB));
  expect(await ask('bob', gateway.job)).toContain('SUCCEEDED');
};

/** A subscription that goes on at another's cursor has the values of the tenant alone. */
const foreignSubscription = async (gateway: Attacked, transport: Transport): Promise<void> => {
  const follow = (more: string, foreign = 'beta:1') =>
    `subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["acme:2", "${foreign}"]${more}) { cursor entities { entityId features { status value } } written { entityId name value } } }`;
  const before = await gateway.send(transport, 'admin', { query: follow('') });
  const cursor: string = before.data[0].featureValues.cursor;
  // Each transport writes values that no other has.
  const timestamp = `2001-02-${transport === 'webSocket' ? '01' : '02'}T00:00:00Z`;
  const rows = ['beta:1', 'acme:2'].map((entityId) => ({
    entityId,
    timestamp,
    values: { city: `${entityId} by ${transport}` },
  }));
  await gateway.shop.ingest('admin', 'customer', rows);
  const query = follow(`, after: "${cursor}"`);
  const ofAdmin = await gateway.send(transport, 'admin', { query });
  expect(ofAdmin.text).toContain(`beta:1 by ${transport}`);
  const own = await gateway.send(transport, 'acme', { query });
  expect(own.data[0].featureValues.written).toEqual([
    { entityId: 'acme:2', name: 'city', value: `acme:2 by ${transport}` },
  ]);
  expect(own.text).not.toContain('beta:1 by');
  // The entities of the first event are those that the client names, whether they exist or not.
  const ofNone = await gateway.send(transport, 'acme', { query: follow(`, after: "${cursor}"`, 'beta:9') });
  const values = ({ data, errors }: Sent, id: string) => {
    const { entities, written } = data[0].featureValues;
    return JSON.stringify([entities, written, errors]).replaceAll(id, 'ID');
  };
  expect(values(own, 'beta:1')).toBe(values(ofNone, 'beta:9'));
  const changed = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
  expectRefusal(
    await gateway.send(transport, 'acme', { query: follow(`, after: "${changed}"`) }),
    'BAD_USER_INPUT',
    'CURSOR_EXPIRED',
  );
};

/** SQL that a name or an id could become, in each place where a client writes one. */
const SQL = [`'; DROP TABLE customer__orders; --`, '"; SELECT 1; --', "' OR '1'='1", '$1', '\\', '`;'];

export const TENANT_ATTACKS: readonly Attack[] = [
  {
    name: 'the id of another tenant’s entity',
    http: cell('as for one that does not exist', foreignEntity),
    webSocket: cell('as for one that does not exist', foreignEntity),
    eventStream: cell('as for one that does not exist', foreignEntity),
  },
  everywhere('the cursor of another tenant’s list', 'refused with BAD_USER_INPUT', async (gateway, transport) => {
    const foreign = await gateway.send('http', 'admin', { query: `{ ${historyOf('http', 'first: 1', 'beta:1')} }` });
    const cursor: string = historyIn(foreign.data[0]).pageInfo.endCursor;
    const kind = transport === 'http' ? 'query' : 'subscription';
    const query = `${kind} { ${historyOf(transport, `after: "${cursor}"`)} }`;
    const sent = await gateway.send(transport, 'acme', { query });
    expectRefusal({ ...sent, data: sent.data.map(historyIn) }, 'BAD_USER_INPUT');
  }),
  {
    name: 'the cursor of another’s subscription',
    http: { notApplicable: 'a subscription needs a stream' },
    webSocket: cell('has the values of the tenant alone', foreignSubscription),
    eventStream: cell('has the values of the tenant alone', foreignSubscription),
  },
  everywhere('two principals at the same moment', 'each has its own values', async (gateway, transport) => {
    const query = entity(transport, 'acme:1');
    const who: Who[] = Array.from({ length: 12 }, (_, index) => (['admin', 'ann', 'nobody'] as const)[index % 3]!);
    const answers = await Promise.all(who.map((each) => gateway.send(transport, each, { query })));
    answers.forEach(({ text }, index) => {
      expect([who[index], text.includes(SECRET)]).toEqual([who[index], who[index] === 'admin']);
      expect([who[index], text.includes('Bern')]).toEqual([who[index], who[index] !== 'nobody']);
    });
  }),
  everywhere('a subscription to another’s job', 'as for one that does not exist', foreignJob),
  everywhere('SQL in names and ids', 'looked up as a name', async (gateway, transport) => {
    for (const text of SQL) {
      const variables = { text };
      const places =
        transport === 'http'
          ? [
              'featurestore: $text, entityType: "customer", entityId: "a"',
              'featurestore: "shop", entityType: $text, entityId: "a"',
            ]
          : [
              'featurestore: $text, entityType: "customer", entityIds: ["a"]',
              'featurestore: "shop", entityType: $text, entityIds: ["a"]',
            ];
      const [kind, field] = transport === 'http' ? ['query', 'entity'] : ['subscription', 'featureValues'];
      const select = (fields: string): string => (transport === 'http' ? fields : `entities { ${fields} }`);
      for (const place of places) {
        const query = `${kind} ($text: String!) { ${field}(${place}) { ${select('entityId')} } }`;
        const sent = await gateway.send(transport, 'admin', { query, variables });
        expectRefusal(
          { ...sent, data: sent.data.map((data) => data?.[field]) },
          'FEATURESTORE_NOT_FOUND',
          'ENTITY_TYPE_NOT_FOUND',
        );
      }
      const [ids, named] = transport === 'http' ? ['entityId: $text', ''] : ['entityIds: [$text]', ', names: ["city"]'];
      const query = `${kind} ($text: ID!) { ${field}(featurestore: "shop", entityType: "customer", ${ids}${named}) { ${select('features(names: ["city"]) { status } history(feature: "city") { nodes { value } }')} } }`;
      const { data, errors } = await gateway.send(transport, 'admin', { query, variables });
      expect(errors).toEqual([]);
      expect([data[0][field].entities ?? data[0][field]].flat()).toEqual([
        { features: [{ status: 'NOT_FOUND' }], history: { nodes: [] } },
      ]);
    }
    const kept = await gateway.send('http', 'admin', { query: `{ ${historyOf('http', 'first: 3')} }` });
    expect(historyIn(kept.data[0]).nodes).toHaveLength(3);
  }),
];
