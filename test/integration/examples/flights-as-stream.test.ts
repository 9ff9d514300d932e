import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../config/config.js';
import { FEATURE_INPUTS } from '../../../examples/flights/models/delay-inputs.ts';
import { startGateway, type Gateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { ask, startJob } from '../../support/ask.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/**
 * The training set of examples/flights from sources that SQL computes, and from the same rows written one after another.
 * The flights are those between 12 airports in 10 days: their rows take seconds, and all 14 million would take hours.
 */
const root = join(import.meta.dirname, '../../..');
const EXAMPLE = join(root, 'examples/flights');
const FLIGHTS = join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');
const AIRPORTS_FILE = join(root, 'node_modules/vega-datasets/data/airports.csv');
const AIRPORTS = ['ATL', 'BOS', 'DEN', 'DFW', 'EWR', 'IAH', 'LAX', 'MSP', 'ORD', 'PHX', 'SEA', 'SFO'];
const LAST_DAY = '2001-01-11';

const airport = (side: string) => ({
  entityType: 'airport',
  entityIdColumns: [side],
  features: featuresWith(`${side}_`),
  prefix: `${side}_`,
});
const featuresWith = (prefix: string): string[] =>
  FEATURE_INPUTS.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
const TRAINING_SET = {
  featurestore: 'flights',
  entityType: 'route',
  labels: { source: { file: { path: 'labels.parquet' } }, timeColumn: 'date' },
  features: FEATURE_INPUTS.filter((name) => !/^(origin|destination)_/.test(name)),
  joins: [airport('origin'), airport('destination')],
};

/** The tables of the batch's history. Static sources have no times. */
const SOURCES = {
  airport: [
    { table: 'airport.hourly', isTimed: true, times: ['last_departure_at'] },
    { table: 'airport.details', isTimed: false, times: [] },
  ],
  route: [
    { table: 'route.hourly', isTimed: true, times: [] },
    { table: 'route.details', isTimed: false, times: [] },
  ],
} as const;

const KEYS = ['entity_id', 'event_timestamp', 'created_timestamp', 'sequence'];

let instance: DuckDBInstance;
let duckdb: DuckDBConnection;
/** The training set of the batch sources, as a table function. */
let batch: string;
let batchRows: number;
let batchFolder: string;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  duckdb = await instance.connect();
  batchFolder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  const folder = batchFolder;
  for (const file of ['airport-hourly.sql', 'airport-details.sql', 'route-hourly.sql', 'route-details.sql']) {
    cpSync(join(EXAMPLE, file), join(folder, file));
  }
  const names = `('${AIRPORTS.join("','")}')`;
  await duckdb.run(`COPY (SELECT * FROM '${FLIGHTS}' WHERE origin IN ${names} AND destination IN ${names}
    AND date < TIMESTAMP '${LAST_DAY}') TO '${folder}/flights.parquet'`);
  const registry = registryText()
    .replace('npm:vega-datasets/data/flights-3m.parquet', 'flights.parquet')
    .replace('npm:vega-datasets/data/airports.csv', AIRPORTS_FILE);
  const gateway = await start(folder, registry);
  try {
    batch = await makeTrainingSet(gateway, folder);
  } finally {
    await gateway.stop();
  }
  await duckdb.run(`ATTACH '${folder}/data/offline.duckdb' AS batch (READ_ONLY)`);
  batchRows = await count(`SELECT count(*) FROM ${batch}`);
});
afterAll(() => {
  duckdb.closeSync();
  instance.closeSync();
  rmSync(batchFolder, { recursive: true });
});

describe('the flights as a stream', () => {
  it('in the order of their times give the training set of the batch, row for row', () =>
    compareWithBatch('ORDER BY moment, entity_id', 'false'));

  it('shuffled, and a third of them sent again, give the training set of the batch, row for row', () =>
    compareWithBatch('ORDER BY hash(entity_id, moment, copy)', 'hash(entity_id, moment) % 3 = 0'));
});

async function compareWithBatch(order: string, isSentAgain: string): Promise<void> {
  const folder = temporaryFolder();
  const registry = registryText()
    .replace(/^ {4}tables:\n(?: {6}.*\n)+/m, '')
    .replaceAll(/^ +(?:sql|partitions): .*\n/gm, '');
  const gateway = await start(folder, registry);
  try {
    for (const entityType of ['airport', 'route'] as const) await stream(gateway, entityType, order, isSentAgain);
    const streamed = await makeTrainingSet(gateway, folder);
    // A training set has its rows in the order of its labels.
    const same = `(SELECT count(*) FROM (SELECT row_number() OVER () AS row, b FROM ${batch} b) batch
      JOIN (SELECT row_number() OVER () AS row, s FROM ${streamed} s) streamed USING (row) WHERE b IS NOT DISTINCT FROM s)`;
    expect(await count(`SELECT count(*) FROM ${streamed}`)).toBe(batchRows);
    expect(await count(`SELECT ${same}`)).toBe(batchRows);
    // The rows tell the two apart only if they have values.
    expect(await count(`SELECT count(mean_delay_7d) FROM ${streamed}`)).toBeGreaterThan(batchRows / 2);
  } finally {
    await gateway.stop();
  }
}

/** Sends all rows of an entity type by one request, and some of them twice. */
async function stream(
  gateway: Gateway,
  entityType: keyof typeof SOURCES,
  order: string,
  isSentAgain: string,
): Promise<void> {
  const rfc3339 = "'%Y-%m-%dT%H:%M:%S.%fZ'";
  const lines: string[] = [];
  let written = 0;
  for (const { table, isTimed, times } of SOURCES[entityType]) {
    const described = await duckdb.runAndReadAll(`DESCRIBE batch.flights."${table}"`);
    const features = described.getRowObjectsJson().map(({ column_name: name }) => name as string);
    const values = features
      .filter((name) => !KEYS.includes(name))
      .map((name) => `${name} := ${times.some((time) => time === name) ? `strftime(${name}, ${rfc3339})` : name}`);
    await duckdb.run(`CREATE OR REPLACE TEMP TABLE sent AS
      SELECT entity_id, ${isTimed ? `strftime(event_timestamp, ${rfc3339})` : 'NULL'} AS moment,
        to_json(struct_pack(${values.join(', ')}))::VARCHAR AS features
      FROM batch.flights."${table}"`);
    written += await count('SELECT count(*) FROM sent');
    const rows = await duckdb.runAndReadAll(
      `SELECT entity_id, moment, features FROM (
         SELECT *, 0 AS copy FROM sent UNION ALL SELECT *, 1 AS copy FROM sent WHERE ${isSentAgain}) ${order}`,
    );
    for (const [entityId, at, row] of rows.getRowsJson()) {
      lines.push(
        `{"entityId":${JSON.stringify(entityId)},"timestamp":${JSON.stringify(at)},"values":${row as string}}\n`,
      );
    }
  }
  const duplicates = lines.length - written;
  expect(duplicates > 0).toBe(isSentAgain !== 'false');
  expect(await post(gateway, entityType, lines)).toEqual({
    lines: lines.length,
    written,
    duplicates,
    quarantined: 0,
    refused: 0,
  });
}

async function post(gateway: Gateway, entityType: string, lines: readonly string[]): Promise<unknown> {
  const url = gateway.url.replace('/graphql', `/ingest/flights/${entityType}?receipts=refused`);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: Readable.toWeb(Readable.from(lines, { objectMode: false })) as ReadableStream,
    duplex: 'half',
  });
  const answer = (await response.text()).trim().split('\n');
  expect(answer).toHaveLength(1);
  return (JSON.parse(answer[0]!) as { done: unknown }).done;
}

function registryText(): string {
  const text = readFileSync(join(EXAMPLE, 'registry.yaml'), 'utf8');
  return text.slice(0, text.indexOf('\nmodels:')).replace(/^# yaml-language-server.*\n/, '');
}

async function start(folder: string, registry: string): Promise<Gateway> {
  writeFileSync(join(folder, 'registry.yaml'), registry);
  mkdirSync(join(folder, 'data/files'), { recursive: true });
  const names = `('${AIRPORTS.join("','")}')`;
  await duckdb.run(`COPY (
    SELECT origin, destination, date, delay FROM '${FLIGHTS}'
    WHERE origin IN ${names} AND destination IN ${names} AND date < TIMESTAMP '${LAST_DAY}'
    ORDER BY hash(origin, destination, date, delay)) TO '${folder}/data/files/labels.parquet'`);
  return startGateway({
    config: configSchema.parse({
      PORT: '0',
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_SCHEDULES: 'false',
    }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
  });
}

async function makeTrainingSet({ url }: Gateway, folder: string): Promise<string> {
  const id = await startJob(url, 'startTrainingSet', { trainingSet: TRAINING_SET, output: { format: 'PARQUET' } });
  for (;;) {
    const { job } = await ask(url, 'query ($id: ID!) { job(id: $id) { state error { message } } }', { id });
    if (job.state === 'SUCCEEDED') break;
    expect(job).toMatchObject({ error: null });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return `read_parquet('${folder}/data/files/training-sets/${id.slice('jobs/'.length)}.parquet')`;
}

async function count(sql: string): Promise<number> {
  const [[found] = []] = (await duckdb.runAndReadAll(sql)).getRowsJson();
  return Number(found);
}
