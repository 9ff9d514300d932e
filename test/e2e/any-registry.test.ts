import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ask, startJob } from '../support/ask.js';
import { servedRegistry } from '../support/served-registry.js';
import type { ServedRegistry } from '../support/serve-registries.js';
import { TRANSPORTS } from '../support/stream-clients.js';
import { selectEverything } from '../support/whole-selection.js';

/** What a client does that knows no registry but by its schema, over each registry. */
interface Known {
  readonly featurestore: string;
  readonly entityType: string;
  readonly entityId: string;
  /** A feature with a history, and its typed field. */
  readonly feature: string;
  readonly field: string;
  /** A time at which it had a value. */
  readonly time: string;
}

const KNOWN: Readonly<Record<ServedRegistry, Known>> = {
  flights: {
    featurestore: 'flights',
    entityType: 'airport',
    entityId: 'SFO',
    feature: 'departures_24h',
    field: 'departures24h',
    time: '2001-03-07T14:00:00Z',
  },
  minimal: {
    featurestore: 'shop',
    entityType: 'customer',
    entityId: 'c1',
    feature: 'last_order_id',
    field: 'lastOrderId',
    time: '2026-01-06T00:00:00Z',
  },
};
const REGISTRIES = Object.entries(KNOWN) as [ServedRegistry, Known][];

const ENTITY = `entity(featurestore: $featurestore, entityType: $entityType, entityId: $entityId`;
const DECLARED = `$featurestore: String!, $entityType: String!, $entityId: ID!, $feature: String!, $time: DateTime!`;

/** Runs the built command line against the gateway; gives what it wrote, and its exit code. */
async function commandLine(url: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/cli/main.js'), ...args, '--url', url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, output, errors };
}

describe.each(REGISTRIES)('over the registry %s', async (name, known) => {
  const { url } = await servedRegistry(name);
  const { featurestore, entityType, entityId, feature, field, time } = known;
  const asked = async (query: string, variables: Record<string, unknown> = {}) =>
    ask(url, query, { ...known, ...variables });

  it('every field that needs no argument is answered', async () => {
    const schema = buildClientSchema((await asked(getIntrospectionQuery())) as IntrospectionQuery);
    const everything = await asked(selectEverything(schema.getQueryType()!, 6));
    expect(everything.featurestores.nodes[0]).toMatchObject({ name: featurestore });
    expect(Object.keys(everything)).toEqual(
      expect.arrayContaining([featurestore, 'jobs', 'models', 'priceBooks', 'registryPlan']),
    );
  });

  it('a value is the same by each way to read it, now and as of a time', async () => {
    for (const at of ['', ', asOf: $time']) {
      const query = `query (${DECLARED}) {
        ${featurestore} { ${entityType}(entityId: $entityId${at}) { ${field} } }
        ${ENTITY}${at}) { features(names: [$feature]) { value status } history(feature: $feature, first: 1) { nodes { value } } }
        entities(featurestore: $featurestore, entityType: $entityType, entityIds: [$entityId]${at}) { features(names: [$feature]) { value } }
        featureMatrix(featurestore: $featurestore, entityType: $entityType, entityIds: [$entityId], names: [$feature]${at}) { values }
      }`;
      // A client need not declare what it does not use, and must not.
      const answer = await asked(at ? query : query.replace(', $time: DateTime!', ''));
      const value = answer[featurestore][entityType][field];
      expect(value).toMatch(/^\d+$/);
      expect(answer.entity.features).toEqual([{ value, status: 'PRESENT' }]);
      expect(answer.entity.history.nodes).toEqual([{ value }]);
      expect(answer.entities[0].features).toEqual([{ value }]);
      expect(answer.featureMatrix.values).toEqual([[value]]);
    }
  });

  it('every id leads to the object that has it', async () => {
    const { entity, featurestores } = await asked(
      `query ($featurestore: String!, $entityType: String!, $entityId: ID!) { ${ENTITY}) { id }
        featurestores { nodes { id entityTypes { id features { nodes { id } } } featureViews { id } } } }`,
    );
    const ids = JSON.stringify([entity, featurestores]).matchAll(/"id":"([^"]+)"/g);
    const all = [...ids].map(([, id]) => id!);
    expect(all.length).toBeGreaterThanOrEqual(5);
    const { nodes } = await asked('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: all });
    expect(nodes).toEqual(all.map((id) => ({ id })));
  });

  it('a feature has statistics of all its values', async () => {
    const { searchFeatures } = await asked(
      `query ($feature: String!) { searchFeatures(text: $feature, first: 1) {
        nodes { statistics { count distinct } estimateStatistics { total { amount } } } } }`,
    );
    const [{ statistics, estimateStatistics }] = searchFeatures.nodes;
    expect(BigInt(statistics.count)).toBeGreaterThan(0n);
    expect(BigInt(statistics.distinct)).toBeGreaterThan(0n);
    // Nothing is paid for a read of the store on this machine.
    expect(Number(estimateStatistics.total.amount)).toBe(0);
  });

  it('a feature is found by its name', async () => {
    const { searchFeatures } = await asked(
      'query ($feature: String!) { searchFeatures(text: $feature, first: 1) { nodes { name } } }',
    );
    expect(searchFeatures.nodes).toEqual([{ name: feature }]);
  });

  it('an unknown entity has no values, and an unknown name is an error', async () => {
    const read = `query ($featurestore: String!, $entityType: String!, $entityId: ID!, $feature: String!) {
      ${ENTITY}) { features(names: [$feature]) { value status } } }`;
    const { entity } = await asked(read, { entityId: 'nobody' });
    expect(entity.features).toEqual([{ value: null, status: 'NOT_FOUND' }]);
    await expect(asked(read, { feature: 'nothing' })).rejects.toThrow(/FEATURE_NOT_FOUND/);
    await expect(asked(read, { featurestore: 'nothing' })).rejects.toThrow(/FEATURESTORE_NOT_FOUND/);
  });

  it.each(TRANSPORTS)(
    'a training set is made, watched by %s to its end, and leaks nothing',
    async (_name, clientOf) => {
      const id = await startJob(url, 'startTrainingSet', {
        trainingSet: {
          featurestore,
          entityType,
          labels: { source: { rows: [{ [entityType]: entityId, timestamp: time, bought: 1 }] } },
          features: [feature],
        },
        labels: { made: 'by a test of any registry' },
      });
      const client = clientOf(url);
      const query = 'subscription ($id: ID!) { jobProgress(id: $id) { state } }';
      const { results, error } = await client.follow({ query, variables: { id } });
      client.close();
      expect(error).toBeUndefined();
      expect(results.at(-1).data.jobProgress.state).toBe('SUCCEEDED');
      const { job } = await asked(
        'query ($id: ID!) { job(id: $id) { ... on TrainingSetJob { validation { joinedRows leakedRows } } } }',
        { id },
      );
      expect(job.validation).toEqual({ joinedRows: '1', leakedRows: '0' });
    },
  );

  it('the command line says that the registry file would change nothing', async () => {
    const { exitCode, output, errors } = await commandLine(url, 'plan');
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    expect(output).toBe('Nothing changes.\n');
  });

  it('the command line recomputes an entity type, and follows the job to its end', async () => {
    const { exitCode, output, errors } = await commandLine(url, 'refresh', featurestore, entityType);
    expect({ exitCode, output }, errors).toEqual({ exitCode: 0, output: expect.stringMatching(/^jobs\/\S+\n/) });
  });

  it('health and readiness are answered', async () => {
    for (const path of ['/healthz', '/readyz']) expect((await fetch(new URL(path, url))).status).toBe(200);
  });
});
