import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../examples/flights/generated/gql.ts';
import { request } from '../../examples/flights/request.ts';
import { servedRegistry } from '../support/served-registry.js';

/**
 * The answers of the gateway against numbers counted straight from the parquet file. The SQL here is written anew, flight
 * by flight and without windows: it shares nothing with examples/flights/*.sql.
 */
const { url } = await servedRegistry('flights');
const FLIGHTS = join(import.meta.dirname, '../../node_modules/vega-datasets/data/flights-3m.parquet');

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run(`CREATE TABLE flights AS SELECT date, delay, distance, origin, destination FROM '${FLIGHTS}'`);
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const Estimate = graphql(/* GraphQL */ `
  query Estimate($input: BatchPredictionEstimateInput!) {
    estimateBatchPrediction(input: $input) {
      total {
        amount
        currency
      }
    }
  }
`);

const rowOf = async (sql: string): Promise<Record<string, any>> =>
  (await connection.runAndReadAll(sql)).getRowObjectsJson()[0] as Record<string, any>;

const Airport = graphql(/* GraphQL */ `
  query Airport($id: ID!, $at: DateTime) {
    flights {
      airport(entityId: $id, asOf: $at) {
        departures1h
        departures24h
        meanDelay3h
        p90Delay24h
        lateShare24h
        delayTrend6h
        lastDestination
        lastDepartureAt
        isHub
        features {
          name
          timestamp
        }
      }
    }
  }
`);

const Route = graphql(/* GraphQL */ `
  query Route($id: ID!, $at: DateTime) {
    flights {
      route(entityId: $id, asOf: $at) {
        departures1h
        departures24h
        departures7d
        meanDelay24h
        meanDelay7d
        lateShare7d
        maxDelay24h
        lastDelay
        quietHours
        distanceMiles
      }
    }
  }
`);

/** Airports large and small, at the full hour, between hours, at night, at the beginning and the end of the data. */
const AIRPORTS = ['SFO', 'ATL', 'ORD', 'HNL', 'BET', 'ACV', 'JFK'];
const MOMENTS = [
  '2001-01-01T07:00:00Z',
  '2001-03-07T14:00:00Z',
  '2001-03-07T14:59:59.999999Z',
  '2001-03-08T04:30:00+01:00',
  '2001-05-20T00:00:00.000001Z',
  '2001-06-30T23:15:00Z',
  '2003-01-01T00:00:00Z',
];

/** The last full hour at a moment: what is known is what left before it. The data ends at 2001-07-01T01:00. */
const lastHour = (at: string): string =>
  `least(date_trunc('hour', TIMESTAMPTZ '${at}'::TIMESTAMP), TIMESTAMP '2001-07-01 01:00')`;

const close = (value: unknown): unknown => (value === null ? null : expect.closeTo(Number(value), 9));

describe.each(AIRPORTS)('airport %s', (airport) => {
  it.each(MOMENTS)('as of %s is what had left by then', async (at) => {
    await connection.run(`SET TimeZone = 'UTC'`);
    const within = (hours: number) =>
      `origin = '${airport}' AND date < ${lastHour(at)} AND date >= ${lastHour(at)} - INTERVAL ${hours} HOUR`;
    const expected = await rowOf(`SELECT
      (SELECT count(*) FROM flights WHERE ${within(1)}) AS departures_1h,
      (SELECT count(*) FROM flights WHERE ${within(24)}) AS departures_24h,
      (SELECT avg(delay) FROM flights WHERE ${within(3)}) AS mean_delay_3h,
      (SELECT quantile_cont(delay, 0.9) FROM flights WHERE ${within(24)}) AS p90_delay_24h,
      (SELECT avg((delay >= 15)::INT) FROM flights WHERE ${within(24)}) AS late_share_24h,
      (SELECT list(mean ORDER BY hour) FROM (SELECT date_trunc('hour', date) AS hour, avg(delay) AS mean
        FROM flights WHERE ${within(6)} GROUP BY hour)) AS delay_trend_6h,
      (SELECT destination FROM flights WHERE origin = '${airport}' AND date < ${lastHour(at)}
        ORDER BY date DESC, destination DESC LIMIT 1) AS last_destination,
      (SELECT max(date)::VARCHAR FROM flights WHERE origin = '${airport}' AND date < ${lastHour(at)}) AS last_departure_at,
      (SELECT count(*) FROM flights WHERE origin = '${airport}' AND date < ${lastHour(at)}) AS ever`);
    const { airport: found } = (await request(url, Airport, { id: airport, at })).flights;
    if (expected.ever === '0') {
      expect(found?.departures24h).toBeNull();
      return;
    }
    // The mean of 3 hours expires after 3 hours: long after the data ends it is gone.
    const isLongAfter = at.startsWith('2003');
    expect(found).toMatchObject({
      departures1h: expected.departures_1h,
      departures24h: expected.departures_24h,
      meanDelay3h: isLongAfter ? null : close(expected.mean_delay_3h),
      p90Delay24h: close(expected.p90_delay_24h),
      lateShare24h: close(expected.late_share_24h),
      delayTrend6h: (expected.delay_trend_6h ?? []).map(close),
      lastDestination: expected.last_destination,
      lastDepartureAt: `${expected.last_departure_at.replace(' ', 'T')}Z`,
      isHub: Number(expected.departures_24h) >= 200,
    });
    for (const { timestamp } of found!.features) {
      if (timestamp) expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.parse(at));
    }
  });
});

describe.each(['SFO,JFK', 'ATL,DFW', 'ORD,GRR', 'ANC,LAX'])('route %s', (route) => {
  const [origin, destination] = route.split(',');

  it.each(MOMENTS)('as of %s is what had left by then', async (at) => {
    await connection.run(`SET TimeZone = 'UTC'`);
    const before = `origin = '${origin}' AND destination = '${destination}' AND date < ${lastHour(at)}`;
    const within = (hours: number) => `${before} AND date >= ${lastHour(at)} - INTERVAL ${hours} HOUR`;
    const expected = await rowOf(`SELECT
      (SELECT count(*) FROM flights WHERE ${within(1)}) AS departures_1h,
      (SELECT count(*) FROM flights WHERE ${within(24)}) AS departures_24h,
      (SELECT count(*) FROM flights WHERE ${within(168)}) AS departures_7d,
      (SELECT avg(delay) FROM flights WHERE ${within(24)}) AS mean_delay_24h,
      (SELECT avg(delay) FROM flights WHERE ${within(168)}) AS mean_delay_7d,
      (SELECT avg((delay >= 15)::INT) FROM flights WHERE ${within(168)}) AS late_share_7d,
      (SELECT max(delay) FROM flights WHERE ${within(24)}) AS max_delay_24h,
      (SELECT delay FROM flights WHERE ${before} ORDER BY date DESC, delay DESC LIMIT 1) AS last_delay,
      (SELECT date_diff('hour', date_trunc('hour', max(date)), ${lastHour(at)}) - 1 FROM flights WHERE ${before}) AS quiet_hours,
      (SELECT mode(distance) FROM flights WHERE origin = '${origin}' AND destination = '${destination}') AS distance_miles`);
    const { route: found } = (await request(url, Route, { id: route, at })).flights;
    expect(found?.distanceMiles).toBe(expected.distance_miles);
    if (expected.quiet_hours === null) {
      expect(found?.departures7d).toBeNull();
      return;
    }
    expect(found).toMatchObject({
      departures1h: expected.departures_1h,
      departures24h: expected.departures_24h,
      departures7d: expected.departures_7d,
      meanDelay24h: close(expected.mean_delay_24h),
      meanDelay7d: close(expected.mean_delay_7d),
      lateShare7d: close(expected.late_share_7d),
      maxDelay24h: expected.max_delay_24h,
      lastDelay: expected.last_delay,
      quietHours: expected.quiet_hours,
    });
  });
});

const NewestAirports = graphql(/* GraphQL */ `
  query NewestAirports($ids: [ID!]!, $names: [String!]!, $at: DateTime) {
    featureMatrix(featurestore: "flights", entityType: "airport", entityIds: $ids, names: $names, asOf: $at) {
      values
      timestamps
      statuses
    }
  }
`);

it('the online store has for every airport what the offline store has as of now', async () => {
  const airports = (await connection.runAndReadAll('SELECT DISTINCT origin FROM flights'))
    .getRowsJson()
    .flat() as string[];
  const names = [
    'departures_1h',
    'departures_24h',
    'p90_delay_24h',
    'delay_trend_6h',
    'last_destination',
    'name',
    'latitude',
  ];
  const now = await request(url, NewestAirports, { ids: airports, names });
  const asOfNow = await request(url, NewestAirports, { ids: airports, names, at: '2026-01-01T00:00:00Z' });
  expect(airports).toHaveLength(229);
  expect(now).toEqual(asOfNow);
});

describe('a OneOf input in the typed client', () => {
  const figures = { rows: '640', secondsPerBatch: 60, machineType: 'n1-standard-4' };

  it('takes one of its fields', async () => {
    const { estimateBatchPrediction } = await request(url, Estimate, { input: { figures } });
    expect(estimateBatchPrediction.total).toEqual({ currency: 'USD', amount: expect.any(Number) });
  });

  it('takes no two, as the compiler and the gateway both say', async () => {
    const job = { displayName: 'a', model: 'models/flight_delay', input: { table: 't' }, output: {} };
    // @ts-expect-error The generated type has one of the two fields.
    await expect(request(url, Estimate, { input: { figures, job } })).rejects.toThrow(/Exactly one key/);
  });
});
