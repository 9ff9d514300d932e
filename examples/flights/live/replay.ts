/**
 * Values that change while an app watches: replays an hour of flights into a gateway and follows the departure boards of
 * five airports. `npm run example:live [seconds]` starts a gateway of its own and ends by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { graphql } from '../generated/gql.ts';
import { request } from '../request.ts';
import { flightsBetween, type Flight } from './flights.ts';
import { startGateway } from './gateway.ts';

const SECONDS = Number(process.argv[2] ?? 30);
const AIRPORTS = ['ATL', 'DFW', 'LAX', 'ORD', 'SFO'];
const START = new Date('2001-03-07T17:00:00Z');
const HOUR_MS = 3_600_000;
const TICK_MS = 100;
if (!(SECONDS > 0)) throw new Error('Usage: npm run example:live [seconds], for example 30');

const Write = graphql(/* GraphQL */ `
  mutation WriteDepartures($input: WriteFeatureValuesInput!) {
    writeFeatureValues(input: $input) {
      userErrors {
        field
        message
      }
    }
  }
`);

const Board = graphql(/* GraphQL */ `
  subscription Board($airports: [ID!]!) {
    featureValues(featurestore: "board", entityType: "airport", entityIds: $airports) {
      entities {
        entityId
        features {
          name
          value
          timestamp
        }
      }
    }
  }
`);

const BoardAsOf = graphql(/* GraphQL */ `
  query BoardAsOf($airports: [ID!]!, $at: DateTime!) {
    entities(featurestore: "board", entityType: "airport", entityIds: $airports, asOf: $at) {
      entityId
      features(names: ["departures"]) {
        value
      }
    }
  }
`);

/** What an airport's board shows. */
interface Departures {
  readonly count: number;
  readonly delayMinutes: number;
  readonly lastDestination: string;
}

interface BoardEvent {
  readonly featureValues: {
    readonly entities: readonly {
      readonly entityId: string;
      readonly features: readonly {
        readonly name: string;
        readonly value?: unknown;
        readonly timestamp?: string | null;
      }[];
    }[];
  };
}

const departures = new Map<string, Departures>();
const flights = await flightsBetween(START, new Date(START.getTime() + HOUR_MS));
const gateway = await startGateway();
process.once('SIGINT', () => void gateway.stop().then(() => process.exit(130)));
try {
  console.log(
    `${flights.length} flights left between 17:00 and 18:00 on 7 March 2001; the hour takes ${SECONDS} s here.\n`,
  );
  const stopFollowing = follow(gateway.url);
  await replay(gateway.url);
  // The last event may be on its way.
  await sleep(500);
  stopFollowing();
  await showHistory(gateway.url);
} finally {
  await gateway.stop();
}

/** Writes each flight when its time comes. */
async function replay(url: string): Promise<void> {
  const begun = performance.now();
  for (let next = 0; next < flights.length;) {
    await sleep(TICK_MS);
    const now = START.getTime() + ((performance.now() - begun) / 1000 / SECONDS) * HOUR_MS;
    const rows = [];
    while (next < flights.length && flights[next]!.at <= now) rows.push(toRow(flights[next++]!));
    if (rows.length === 0) continue;
    const { writeFeatureValues } = await request(url, Write, { input: { featurestore: 'board', rows } });
    if (writeFeatureValues.userErrors.length > 0) throw new Error(JSON.stringify(writeFeatureValues.userErrors));
  }
}

/** The board of an airport after a flight. */
function toRow({ at, origin, destination, delay }: Flight) {
  const before = departures.get(origin) ?? { count: 0, delayMinutes: 0 };
  const after = { count: before.count + 1, delayMinutes: before.delayMinutes + delay, lastDestination: destination };
  departures.set(origin, after);
  return {
    entityType: 'airport',
    entityId: origin,
    timestamp: new Date(at).toISOString(),
    values: [
      { feature: 'departures', value: after.count },
      { feature: 'mean_delay', value: after.delayMinutes / after.count },
      { feature: 'last_destination', value: after.lastDestination },
    ],
  };
}

/** Prints a line for each board that changes. */
function follow(url: string): () => void {
  const client = createClient({ url, retryAttempts: 0 });
  console.log('time   airport  departures  mean delay  last to');
  const end = client.subscribe<BoardEvent>(
    { query: Board.toString(), variables: { airports: AIRPORTS } },
    {
      next: ({ data, errors }) => {
        if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
        for (const { entityId, features } of data?.featureValues.entities ?? []) {
          const valueOf = new Map(features.map(({ name, value }) => [name, value]));
          const time = features[0]?.timestamp;
          // An airport from which no flight has left yet.
          if (!time) continue;
          const [count, delay] = [Number(valueOf.get('departures')), Number(valueOf.get('mean_delay'))];
          const cells = [
            time.slice(11, 16),
            entityId.padEnd(7),
            String(count).padStart(10),
            `${delay.toFixed(1)} min`.padStart(10),
            String(valueOf.get('last_destination')),
          ];
          console.log(cells.join('  '));
        }
      },
      error: (error) => {
        throw error;
      },
      complete: () => undefined,
    },
  );
  return () => {
    end();
    client.dispose();
  };
}

/** What was written is history too: the boards as of moments of the hour. */
async function showHistory(url: string): Promise<void> {
  console.log('\nDepartures as of');
  for (const minutes of [15, 30, 45, 60]) {
    const at = new Date(START.getTime() + minutes * 60_000).toISOString();
    const { entities } = await request(url, BoardAsOf, { airports: AIRPORTS, at });
    const counts = entities.map(({ entityId, features }) => `${entityId} ${Number(features[0]?.value ?? 0)}`);
    console.log(`${at.slice(11, 16)}  ${counts.join('  ')}`);
  }
}
