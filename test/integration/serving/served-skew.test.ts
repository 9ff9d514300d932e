import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { skewCommand } from '../../../cli/commands/skew.js';
import type { PolicyDocument } from '../../../auth/policy/policy-document.js';
import { Policy } from '../../../auth/policy/policy.js';
import { formatInstant } from '../../../values/instant.js';
import { NOW, smallRegistry, T } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { until } from '../../support/until.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written userErrors { message } }
}`;
const READ = `{ entities(featurestore: "shop", entityType: "customer", entityIds: ["1", "2", "3", "4", "5"]) {
  features(names: ["orders_7d", "mean_basket", "city"]) { value } } }`;
const SKEW = `query ($trainingSet: ID, $range: TimeRangeInput, $features: [String!], $match: ServedMatch, $toleranceSeconds: Float, $doubleTolerance: Float, $examples: Int) {
  featurestore(name: "shop") { entityType(name: "customer") {
    servedSkew(trainingSet: $trainingSet, range: $range, features: $features, match: $match, toleranceSeconds: $toleranceSeconds, doubleTolerance: $doubleTolerance, examples: $examples) {
      compared isComplete earliestRead latestRead
      features { feature { name } compared equal different missingServed missingTrained statuses { trained served count }
        examples { entityId labelTime readAt trainedValue servedValue servedStatus trainedTimestamp servedTimestamp reason } } } } } }`;
const START = `mutation ($input: StartTrainingSetInput!) {
  startTrainingSet(input: $input) { job { id } userErrors { field message } }
}`;

const IDS = ['1', '2', '3', '4', '5'];
const at = (seconds: number): string => formatInstant(T(seconds));

let gateway: StoreGateway;
let now = NOW;
beforeEach(async () => {
  now = T(-10);
  gateway = await startStoreGateway(smallRegistry(), {}, () => now, { servedLog: { sampleRate: 1 } });
  for (const id of IDS) await write(id, -20, { orders_7d: '9007199254740993', mean_basket: 0.1, city: 'Bern' });
});
afterEach(() => gateway.close());

async function write(entityId: string, seconds: number, values: Record<string, unknown>): Promise<void> {
  const rows = [
    {
      entityType: 'customer',
      entityId,
      timestamp: at(seconds),
      values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
    },
  ];
  const { data } = await gateway.ask(WRITE, { input: { featurestore: 'shop', rows } });
  expect(data.writeFeatureValues).toEqual({ written: 1, userErrors: [] });
}

/** Reads five customers at T(0), and then rows arrive that a read at T(0) should have had. */
async function serveThenArriveLate(): Promise<void> {
  now = T(0);
  expect((await gateway.ask(READ)).errors).toBeUndefined();
  now = T(10);
  await write('2', -5, { orders_7d: '9007199254740992' });
  await write('4', -3, { city: 'Chur' });
  await write('3', -20, { mean_basket: 0.1 + 1e-12 });
  now = T(20);
}

async function askSkew(variables: Record<string, unknown> = {}) {
  const { data, errors } = await gateway.ask(SKEW, variables);
  expect(errors).toBeUndefined();
  return data.featurestore.entityType.servedSkew;
}

async function makeTrainingSet(input: Record<string, unknown> = {}, output?: Record<string, unknown>): Promise<string> {
  const trainingSet = {
    featurestore: 'shop',
    entityType: 'customer',
    features: ['orders_7d', 'mean_basket', 'city'],
    labels: {
      entityIdColumns: ['who'],
      timeColumn: 'at',
      source: { rows: IDS.map((who) => ({ who, at: at(5) })) },
    },
    ...input,
  };
  const { data } = await gateway.ask(START, { input: { trainingSet, output } });
  expect(data.startTrainingSet.userErrors).toEqual([]);
  const { id } = data.startTrainingSet.job;
  await until(async () => {
    const { data: found } = await gateway.ask(`query ($id: ID!) { job(id: $id) { state error { message } } }`, { id });
    expect(found.job.error).toBeNull();
    return found.job.state === 'SUCCEEDED';
  });
  return id;
}

/** The differences, as `feature/entity: reason`, of all features. */
const differences = (skew: any): string[] =>
  skew.features.flatMap(({ feature, examples }: any) =>
    examples.map(({ entityId, reason }: any) => `${feature.name}/${entityId}: ${reason}`),
  );

describe('servedSkew', () => {
  it('finds no difference while nothing arrived late', async () => {
    now = T(0);
    await gateway.ask(READ);
    now = T(20);
    const skew = await askSkew();
    expect(skew).toMatchObject({ compared: 5, isComplete: true, earliestRead: at(0), latestRead: at(0) });
    expect(differences(skew)).toEqual([]);
    expect(skew.features.map(({ compared, equal }: any) => [compared, equal])).toEqual([
      [5, 5],
      [5, 5],
      [5, 5],
      [0, 0],
    ]);
  });

  it('names exactly the features and entities whose rows came late or were corrected, with both values', async () => {
    await serveThenArriveLate();
    const skew = await askSkew();
    expect(differences(skew)).toEqual([
      'orders_7d/2: LATE_ARRIVAL',
      'mean_basket/3: CORRECTED',
      'city/4: LATE_ARRIVAL',
    ]);
    expect(skew.features[0]).toMatchObject({
      feature: { name: 'orders_7d' },
      compared: 5,
      equal: 4,
      different: 1,
      missingServed: 0,
      missingTrained: 0,
      statuses: [{ trained: 'PRESENT', served: 'PRESENT', count: 5 }],
      examples: [
        {
          entityId: '2',
          labelTime: at(0),
          readAt: at(0),
          trainedValue: '9007199254740992',
          servedValue: '9007199254740993',
          servedStatus: 'PRESENT',
          trainedTimestamp: at(-5),
          servedTimestamp: at(-20),
          reason: 'LATE_ARRIVAL',
        },
      ],
    });
  });

  it('takes a difference of DOUBLEs within the tolerance as equal, and never one of INT64', async () => {
    await serveThenArriveLate();
    const skew = await askSkew({ doubleTolerance: 1 });
    expect(differences(skew)).toEqual(['orders_7d/2: LATE_ARRIVAL', 'city/4: LATE_ARRIVAL']);
  });

  it.each([
    ['Parquet', undefined],
    ['CSV', { format: 'CSV' }],
    ['a table', { format: 'TABLE' }],
  ])('compares the labels of a training set in %s with the reads before them', async (_, output) => {
    await serveThenArriveLate();
    await write('5', 2, { orders_7d: '1' });
    const trainingSet = await makeTrainingSet({ withTimestamps: output !== undefined }, output);
    const skew = await askSkew({ trainingSet });
    expect(skew).toMatchObject({ compared: 5, isComplete: true });
    expect(differences(skew)).toEqual([
      'orders_7d/2: LATE_ARRIVAL',
      'orders_7d/5: BECAME_TRUE_AFTER_READ',
      'mean_basket/3: CORRECTED',
      'city/4: LATE_ARRIVAL',
    ]);
    const [{ examples }] = skew.features;
    expect(examples[0]).toMatchObject({
      labelTime: at(5),
      readAt: at(0),
      trainedValue: '9007199254740992',
      trainedTimestamp: output === undefined ? null : at(-5),
    });
  });

  it('matches a label with a read after it only on request, and only within the tolerance', async () => {
    await serveThenArriveLate();
    const rows = IDS.map((who) => ({ who, at: at(-8) }));
    const labels = { entityIdColumns: ['who'], timeColumn: 'at', source: { rows } };
    const trainingSet = await makeTrainingSet({ labels });
    expect(await askSkew({ trainingSet })).toMatchObject({ compared: 0 });
    expect(await askSkew({ trainingSet, match: 'AROUND', toleranceSeconds: 7.999999 })).toMatchObject({ compared: 0 });
    const around = await askSkew({ trainingSet, match: 'AROUND', toleranceSeconds: 8 });
    expect(around.compared).toBe(5);
    expect(differences(around)).toEqual(['mean_basket/3: CORRECTED']);
  });

  it('counts a value that one side lacks, with its status', async () => {
    now = T(0);
    await gateway.ask(READ.replace('"5"', '"6"'));
    now = T(10);
    await write('6', -1, { orders_7d: '7' });
    now = T(20);
    const skew = await askSkew({ features: ['orders_7d'] });
    expect(skew.features[0]).toMatchObject({
      compared: 5,
      equal: 4,
      missingServed: 1,
      statuses: [
        { trained: 'PRESENT', served: 'PRESENT', count: 4 },
        { trained: 'PRESENT', served: 'NOT_FOUND', count: 1 },
      ],
      examples: [{ entityId: '6', trainedValue: '7', servedValue: null, reason: 'LATE_ARRIVAL' }],
    });
  });

  it('says that the history lacks what was deleted only offline', async () => {
    now = T(0);
    await gateway.ask(READ);
    const entityType = gateway.services.registry.entityType('shop', 'customer');
    await gateway.stores.writers.logged!.drained();
    await gateway.stores.offline(entityType.featurestore).delete(entityType, ['1']);
    now = T(20);
    const skew = await askSkew({ features: ['city'] });
    expect(skew.features[0]).toMatchObject({ equal: 4, missingTrained: 1 });
    expect(differences(skew)).toEqual(['city/1: NOT_IN_HISTORY']);
  });

  it('compares only reads of the range, and gives only as many examples as wanted', async () => {
    await serveThenArriveLate();
    expect(await askSkew({ range: { from: at(1) } })).toMatchObject({ compared: 0, earliestRead: null });
    expect(await askSkew({ range: { before: at(0) } })).toMatchObject({ compared: 0 });
    const skew = await askSkew({ range: { from: at(0), before: at(0.000001) }, examples: 0 });
    expect(skew.features[0]).toMatchObject({ compared: 5, different: 1, examples: [] });
  });

  it('refuses what it cannot compare, and names the argument', async () => {
    const refused = async (variables: object) => {
      const { errors } = await gateway.ask(SKEW, { ...variables });
      return errors?.map(({ extensions: { code, field } }) => ({ code, field }));
    };
    const bad = (field: string, code = 'BAD_USER_INPUT') => [{ code, field }];
    expect(await refused({ trainingSet: 'jobs/none' })).toMatchObject(bad('trainingSet', 'JOB_NOT_FOUND'));
    expect(await refused({ features: ['none'] })).toMatchObject(bad('features', 'FEATURE_NOT_FOUND'));
    expect(await refused({ features: [] })).toMatchObject(bad('features'));
    expect(await refused({ toleranceSeconds: -1 })).toMatchObject(bad('toleranceSeconds'));
    expect(await refused({ doubleTolerance: -1 })).toMatchObject(bad('doubleTolerance'));
    expect(await refused({ examples: 51 })).toMatchObject(bad('examples'));
    expect(await refused({ range: { from: at(1), before: at(1) } })).toMatchObject(bad('range.from'));
    const visits = await makeTrainingSet({
      entityType: 'visit',
      features: ['seconds'],
      labels: { timeColumn: 'at', source: { rows: [{ customer: '1', page: 'a', at: at(0) }] } },
    });
    expect(await refused({ trainingSet: visits })).toMatchObject(bad('trainingSet'));
    const trainingSet = await makeTrainingSet({}, { format: 'PARQUET', location: 'gone.parquet' });
    await rm(join(gateway.files, 'gone.parquet'));
    expect(await refused({ trainingSet })).toMatchObject(bad('trainingSet'));
  });

  it('compares only features that the client may read of all entities', async () => {
    await gateway.close();
    const rules: PolicyDocument['rules'] = [
      { name: 'all', who: 'EVERYONE', allow: ['READ', 'WRITE'] },
      { name: 'no basket', who: 'EVERYONE', deny: ['READ'], features: ['mean_basket'] },
      { name: 'one city', who: 'EVERYONE', deny: ['READ'], features: ['city'], entityIds: ['1'] },
    ];
    const options = { servedLog: { sampleRate: 1 }, policy: new Policy({ rules }) };
    gateway = await startStoreGateway(smallRegistry(), {}, () => now, options);
    await gateway.ask(READ);
    const skew = await askSkew();
    expect(skew.features.map(({ feature }: any) => feature.name)).toEqual(['orders_7d', 'born']);
    for (const name of ['mean_basket', 'city']) {
      const { errors } = await gateway.ask(SKEW, { features: [name] });
      expect(errors).toMatchObject([{ extensions: { code: 'PERMISSION_DENIED', field: 'features' } }]);
    }
  });

  it('is printed by the command, whose exit code says whether values differ', async () => {
    const run = async (...args: string[]) => {
      let out = '';
      process.exitCode = undefined;
      const command = skewCommand((text) => (out += text));
      await command.parseAsync(['shop', 'customer', ...args, '--url', gateway.url], { from: 'user' });
      const { exitCode } = process;
      process.exitCode = undefined;
      return { out, exitCode };
    };
    await serveThenArriveLate();
    const { out, exitCode } = await run();
    expect(exitCode).toBe(2);
    expect(out).toMatch(/orders_7d +│ 5 +│ 4 +│ 1 +│ 0 +│ 0 +│ PRESENT\/PRESENT 5/);
    expect(out).toMatch(/orders_7d +│ 2 .*9007199254740992 .*9007199254740993 .*LATE_ARRIVAL/);
    expect((await run('--feature', 'city', '--before', at(5))).exitCode).toBe(2);
    const trainingSet = await makeTrainingSet();
    const made = await run('--training-set', trainingSet, '--match', 'around', '--tolerance-seconds', '5');
    expect(made.out).toMatch(/mean_basket +│ 3 .*│ CORRECTED/);
    const noReads = await run('--from', at(30));
    expect(noReads.out).toContain('Nothing was compared: the log of served values has no reads of this entity type');
    expect(noReads.exitCode).toBe(1);
    // The reads did not ask for it.
    const unasked = await run('--feature', 'born');
    expect(unasked.out).toContain('Nothing was compared: no read from');
    expect(unasked.exitCode).toBe(1);
    const none = await run('--training-set', trainingSet, '--tolerance-seconds', '0');
    expect(none.out).toContain('Nothing was compared: no label has a read of its entity near it.');
    expect(none.exitCode).toBe(1);
    // Without labels the gateway would ignore both options.
    for (const option of [
      ['--match', 'around'],
      ['--tolerance-seconds', '5'],
    ]) {
      await expect(run(...option)).rejects.toThrow('need --training-set');
    }
  });

  it('has exit code 0 only where values were compared and are equal', async () => {
    now = T(0);
    await gateway.ask(READ);
    process.exitCode = undefined;
    let out = '';
    const command = skewCommand((text) => (out += text));
    await command.parseAsync(['shop', 'customer', '--url', gateway.url], { from: 'user' });
    expect(process.exitCode).toBeUndefined();
    expect(out).toContain('Compared: 5,');
  });

  it('is null without a log', async () => {
    const other = await startStoreGateway(smallRegistry(), {}, () => now);
    try {
      const { data, errors } = await other.ask(SKEW);
      expect({ data, errors }).toEqual({
        data: { featurestore: { entityType: { servedSkew: null } } },
        errors: undefined,
      });
    } finally {
      await other.close();
    }
  });
});
