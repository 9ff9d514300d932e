/**
 * An app: the departure board of an airport, typed from the query on. Start the gateway (npm start), then
 *   npm run example
 */
import { graphql } from './generated/gql.ts';
import { request } from './request.ts';

const DepartureBoard = graphql(/* GraphQL */ `
  query DepartureBoard($airports: [ID!]!, $at: DateTime) {
    flights {
      airports(entityIds: $airports, asOf: $at) {
        entityId
        name
        departures1h
        meanDelay3h
        lastDestination
      }
    }
  }
`);

const url = process.env.FEATUREGRAPH_URL ?? 'http://localhost:4000/graphql';
const { flights } = await request(url, DepartureBoard, {
  airports: ['SFO', 'JFK', 'ATL', 'ORD', 'DFW'],
  at: '2001-03-07T14:00:00Z',
});

console.table(
  flights.airports.map((airport) => ({
    airport: airport.entityId,
    name: airport.name,
    'departures (1 h)': airport.departures1h,
    'mean delay (3 h)': airport.meanDelay3h?.toFixed(1),
    'last to': airport.lastDestination,
  })),
);
