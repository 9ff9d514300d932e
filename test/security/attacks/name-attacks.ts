import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { cell, everywhere, expectRefusal, type Attack, type Cell, type Transport } from './attack.js';
import { UNKNOWN_JOB, type Attacked, type Sent } from './attacked-gateway.js';

/** What the registry calls things that ann may not see (test/support/policed-gateway.ts). */
const HIDDEN = /plans|merger|target|email|margin|Where we write/;

/** A query or mutation, which streams do not carry: its attack is not possible there. */
const notOverStreams = (query: string): Pick<Attack, 'webSocket' | 'eventStream'> => {
  const refused = cell('refused with WRONG_TRANSPORT', async (gateway, transport) => {
    expectRefusal(await gateway.send(transport, 'ann', { query }), 'WRONG_TRANSPORT');
  });
  return { webSocket: refused, eventStream: refused };
};

/** The answers to two questions are the same but for what was asked for. */
async function expectSame(ask: (text: string) => Promise<Sent>, one: string, other: string): Promise<void> {
  const told = async (text: string): Promise<string> => {
    const { data, errors } = await ask(text);
    const said = errors.map(({ message, extensions }) => [message, extensions?.code, extensions?.field]);
    return JSON.stringify([data, said]).replaceAll(text, 'NAME');
  };
  expect(await told(one)).toBe(await told(other));
}

/** A field of an entity, as each transport reaches it. */
function entityField(transport: Transport, field: string, type: string, featurestore = 'shop'): string {
  const of = `featurestore: "${featurestore}", entityType: "${type}"`;
  return transport === 'http'
    ? `query { entity(${of}, entityId: "acme:1") { ${field} } }`
    : `subscription { featureValues(${of}, entityIds: ["acme:1"]) { entities { ${field} } } }`;
}

const unknownNames = async (gateway: Attacked, transport: Transport): Promise<void> => {
  const questions = [
    [entityField(transport, 'entityId', 'x', 'x'), 'FEATURESTORE_NOT_FOUND'],
    [entityField(transport, 'entityId', 'x'), 'ENTITY_TYPE_NOT_FOUND'],
    [entityField(transport, 'features(names: ["x"]) { status }', 'customer'), 'FEATURE_NOT_FOUND'],
    [entityField(transport, 'features(view: "x") { status }', 'customer'), 'FEATURE_VIEW_NOT_FOUND'],
    [entityField(transport, 'history(feature: "x") { nodes { value } }', 'customer'), 'FEATURE_NOT_FOUND'],
  ] as const;
  for (const [query, code] of questions) {
    const { errors, text } = await gateway.send(transport, 'ann', { query });
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual([code]);
    expect(text).not.toMatch(HIDDEN);
    const nobody = await gateway.send(transport, 'nobody', { query });
    expect(nobody.errors[0]!.message).toMatch(/There are none\.$/);
    // The names are there for who may see them.
    const admin = await gateway.send(transport, 'admin', { query });
    expect(admin.errors[0]!.message).toMatch(/There are: /);
  }
};

const CATALOGUE = `entityType { name features { nodes { name description } } sources { name }
  featurestore { name entityTypes { name } featureViews { name features { name } } } }`;

const catalogue = async (gateway: Attacked, transport: Transport): Promise<void> => {
  const shown = await gateway.send(transport, 'ann', { query: entityField(transport, CATALOGUE, 'customer') });
  expect(shown.text).toContain('city');
  expect(shown.text).not.toMatch(HIDDEN);
  const hidden = await gateway.send(transport, 'ann', { query: entityField(transport, CATALOGUE, 'merger', 'plans') });
  expectRefusal({ ...hidden, data: [] }, 'PERMISSION_DENIED');
  expect(JSON.stringify(hidden.data)).not.toMatch(HIDDEN);
};

/** Typed fields have the type of the hidden registry: their values are null. */
const typedFields: Cell = cell('null, whether the entity exists or not', async (gateway, transport) => {
  const query =
    transport === 'http'
      ? '{ plans { merger(entityId: "m1") { target } mergers(entityIds: ["m1"]) { target } } }'
      : 'subscription { featureValues(featurestore: "plans", entityType: "merger", entityIds: ["m1"]) { entities { ... on PlansMerger { target } } } }';
  const { data, errors } = await gateway.send(transport, 'ann', { query });
  expect(errors).toEqual([]);
  expect(JSON.stringify(data)).toMatch(/"target":null/);
  expect(JSON.stringify(data)).not.toMatch(/"target":"/);
});

const NODES = ['', '/entities', '/entityTypes/merger', '/entityTypes/merger/features/target'];

const hiddenNodes = cell('as for one that does not exist', async (gateway) => {
  const ask = (id: string) => gateway.send('http', 'ann', { query: `{ node(id: "${id}") { __typename id } }` });
  for (const path of [...NODES, '/entityTypes/merger/entities/m1']) {
    await expectSame(ask, `featurestores/plans${path}`, `featurestores/nothing${path}`);
    const { data } = await gateway.send('http', 'admin', {
      query: `{ node(id: "featurestores/plans${path}") { __typename } }`,
    });
    expect([path, data[0].node === null]).toEqual([path, false]);
  }
});

/** A file that a job of another wrote, and one that no policy permits, are as a file that does not exist. */
const foreignFile = cell('as for one that does not exist', async (gateway) => {
  const folder = join(gateway.shop.folder, 'data', 'files', 'private');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'secret.csv'), 'entity_id,timestamp\nacme:1,2002-01-01T00:00:00Z\n');
  const query = (input: string): string =>
    `{ trainingSetPreview(input: { featurestore: "shop", entityType: "customer", labels: { source: { file: { path: "${input}", format: CSV } } } }) { rows } }`;
  const ask = (path: string) => gateway.send('http', 'ann', { query: query(path) });
  const admin = await gateway.send('http', 'admin', { query: query('private/secret.csv') });
  expect(admin.data[0].trainingSetPreview.rows).toMatchObject([{ entity_id: 'acme:1' }]);
  for (const path of ['private/secret.csv', 'private', 'private/*.csv', '../private/secret.csv', '/etc/passwd']) {
    await expectSame(ask, path, path.replace('private', 'nothing').replace('passwd', 'nothing'));
    const sent = await ask(path);
    expectRefusal(
      { ...sent, data: sent.data.map((data) => data?.trainingSetPreview) },
      'PERMISSION_DENIED',
      'BAD_USER_INPUT',
    );
    expect(sent.text).not.toMatch(/acme:1|root:/);
  }
});

const JOBS = (after: string): string =>
  `{ jobs(first: 10, after: "${after}") { nodes { id createdBy } pageInfo { hasNextPage } } }`;

const cancelled = (id: string): string =>
  `mutation { cancelJob(input: { id: "${id}" }) { job { id } userErrors { code message field } } }`;

const SEARCHES = ['email', 'margin', 'target', 'Where we write', 'plans', '*', ' '];

export const NAME_ATTACKS: readonly Attack[] = [
  everywhere('a wrong name, for the names that there are', 'lists what the client may see', unknownNames),
  everywhere('the catalogue beside an entity', 'has what the client may see', catalogue),
  { name: 'typed fields of a hidden type', http: typedFields, webSocket: typedFields, eventStream: typedFields },
  {
    name: 'a misspelled variable, for suggestions',
    http: cell('refused with BAD_USER_INPUT', async (gateway) => {
      const query = 'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }';
      for (const f of [{ states: ['RUNING'] }, { stats: ['RUNNING'] }]) {
        expectRefusal(await gateway.send('http', 'ann', { query, variables: { f } }), 'BAD_USER_INPUT');
      }
    }),
    webSocket: { notApplicable: 'its fields take texts and numbers, which have no suggestions' },
    eventStream: { notApplicable: 'its fields take texts and numbers, which have no suggestions' },
  },
  {
    name: 'a search for hidden names',
    http: cell('finds what the client may see', async (gateway) => {
      for (const text of SEARCHES) {
        const query =
          'query ($text: String!) { searchFeatures(text: $text, first: 100) { nodes { name description } } }';
        const sent = await gateway.send('http', 'ann', { query, variables: { text } });
        expect(sent.text).not.toMatch(HIDDEN);
      }
    }),
    ...notOverStreams('{ searchFeatures(text: "email") { nodes { name } } }'),
  },
  {
    name: 'the id of a hidden type',
    http: hiddenNodes,
    ...notOverStreams('{ node(id: "featurestores/plans") { id } }'),
  },
  {
    name: 'the cursor of another’s list of jobs',
    http: cell('has the client’s own jobs', async (gateway) => {
      const own = '{ jobs(first: 1) { pageInfo { endCursor } nodes { id } } }';
      const { data } = await gateway.send('http', 'bob', { query: own });
      const { pageInfo, nodes } = data[0].jobs;
      expect(nodes).toEqual([{ id: gateway.job }]);
      const sent = await gateway.send('http', 'ann', { query: JOBS(pageInfo.endCursor as string) });
      expect(sent.data).toEqual([{ jobs: { nodes: [], pageInfo: { hasNextPage: false } } }]);
    }),
    ...notOverStreams(JOBS('')),
  },
  {
    name: 'the end of another’s job',
    http: cell('as for one that does not exist', async (gateway) => {
      const ask = (id: string) => gateway.send('http', 'ann', { query: cancelled(id) });
      await expectSame(ask, gateway.job, UNKNOWN_JOB);
      for (const query of [`{ node(id: "ID") { id } }`, `{ job(id: "ID") { id labels createdBy } }`]) {
        const read = (id: string) => gateway.send('http', 'ann', { query: query.replace('ID', id) });
        await expectSame(read, gateway.job, UNKNOWN_JOB);
      }
    }),
    ...notOverStreams(cancelled(UNKNOWN_JOB)),
  },
  {
    name: 'a file that the policy does not permit',
    http: foreignFile,
    ...notOverStreams(
      '{ trainingSetPreview(input: { featurestore: "shop", entityType: "customer", labels: { source: { file: { path: "private/secret.csv", format: CSV } } } }) { rows } }',
    ),
  },
];
