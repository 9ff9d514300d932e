/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query DepartureBoard($airports: [ID!]!, $at: DateTime) {\n    flights {\n      airports(entityIds: $airports, asOf: $at) {\n        entityId\n        name\n        departures1h\n        meanDelay3h\n        lastDestination\n      }\n    }\n  }\n": typeof types.DepartureBoardDocument,
    "query Registry {\n  featurestores {\n    nodes {\n      name\n      description\n      labels\n      onlineStore {\n        kind\n        healthy\n      }\n      offlineStore {\n        kind\n        healthy\n      }\n      entityTypes {\n        name\n        description\n        entityIdColumns\n        dense\n        features(first: 5) {\n          nodes {\n            name\n            valueType\n            unit\n            description\n            owner\n            ttlSeconds\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n      featureViews {\n        name\n        schedule\n        features {\n          name\n        }\n      }\n    }\n  }\n}": typeof types.RegistryDocument,
    "query Search {\n  searchFeatures(text: \"mean delay\", first: 5) {\n    nodes {\n      id\n      name\n      unit\n      description\n      entityType {\n        name\n      }\n    }\n  }\n}": typeof types.SearchDocument,
    "query Typed {\n  flights {\n    airport(entityId: \"SFO\") {\n      name\n      city\n      departures24h\n      p90Delay24h\n      lastDestination\n      lastDepartureAt\n      isHub\n    }\n  }\n}": typeof types.TypedDocument,
    "query AsOf($moment: DateTime = \"2001-03-07T14:00:00Z\") {\n  flights {\n    then: airport(entityId: \"SFO\", asOf: $moment) {\n      ...Delays\n    }\n    hourBefore: airport(entityId: \"SFO\", asOf: \"2001-03-07T13:00:00Z\") {\n      ...Delays\n    }\n    beforeAll: airport(entityId: \"SFO\", asOf: \"2000-12-31T23:59:59.999999Z\") {\n      ...Delays\n    }\n    now: airport(entityId: \"SFO\") {\n      ...Delays\n    }\n  }\n}\n\nfragment Delays on FlightsAirport {\n  asOf\n  departures1h\n  meanDelay3h\n  delayTrend6h\n}": typeof types.AsOfDocument,
    "query Status {\n  entity(featurestore: \"flights\", entityType: \"airport\", entityId: \"SFO\") {\n    id\n    features(view: \"departure_board\") {\n      name\n      value\n      status\n      timestamp\n      ageSeconds\n    }\n  }\n}": typeof types.StatusDocument,
    "query CompositeId {\n  flights {\n    routes(entityIds: [\"SFO,JFK\", \"JFK,SFO\"], asOf: \"2001-06-30T12:00:00Z\") {\n      entityId\n      distanceMiles\n      departures7d\n      meanDelay7d\n      lateShare7d\n      quietHours\n    }\n  }\n}": typeof types.CompositeIdDocument,
    "query History($after: String) {\n  entity(featurestore: \"flights\", entityType: \"airport\", entityId: \"SFO\") {\n    history(\n      feature: \"departures_1h\"\n      from: \"2001-03-07T00:00:00Z\"\n      to: \"2001-03-07T23:59:59Z\"\n      first: 6\n      after: $after\n    ) {\n      nodes {\n        timestamp\n        value\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n}": typeof types.HistoryDocument,
    "query Matrix {\n  featureMatrix(\n    featurestore: \"flights\"\n    entityType: \"airport\"\n    entityIds: [\"SFO\", \"JFK\", \"ATL\", \"XXX\"]\n    names: [\"departures_24h\", \"late_share_24h\", \"is_hub\"]\n    asOf: \"2001-06-30T12:00:00Z\"\n  ) {\n    entityIds\n    names\n    values\n    statuses\n  }\n}": typeof types.MatrixDocument,
    "query Node {\n  nodes(\n    ids: [\"featurestores/flights\", \"featurestores/flights/entityTypes/airport/features/mean_delay_3h\", \"featurestores/flights/entityTypes/airport/entities/SFO@2001-03-07T14:00:00Z\", \"featurestores/flights/entityTypes/airport/entities/SFO\"]\n  ) {\n    __typename\n    id\n    ... on Feature {\n      valueType\n      unit\n    }\n    ... on FlightsAirport {\n      departures24h\n      lastDestination\n    }\n  }\n}": typeof types.NodeDocument,
    "query Models {\n  models {\n    id\n    displayName\n    description\n    runtime\n    inputs {\n      name\n      valueType\n      unit\n      optional\n    }\n    outputs {\n      name\n      valueType\n      unit\n    }\n  }\n}": typeof types.ModelsDocument,
    "query CostEstimate {\n  batchJob: estimateBatchPrediction(\n    input: {rows: 1000000, secondsPerBatch: 0.5, startingReplicaCount: 2, machineType: \"n1-standard-4\"}\n  ) {\n    total {\n      amount\n      currency\n    }\n    perPrediction {\n      amount\n    }\n    lines {\n      description\n      quantity\n      unit\n      unitPrice\n      amount\n    }\n    assumptions\n  }\n  featurestore: estimateFeaturestore(\n    input: {minNodes: 1, maxNodes: 3, onlineStorageGib: 50, readsPerMonth: 100000000, scannedTibPerMonth: 2}\n  ) {\n    total {\n      amount\n    }\n    atLeast {\n      amount\n    }\n    atMost {\n      amount\n    }\n    assumptions\n  }\n}": typeof types.CostEstimateDocument,
    "query BatchOrOnline {\n  compareServing(\n    input: {predictions: 1000000, secondsPerBatch: 0.5, machineType: \"n1-standard-4\", hours: 730}\n  ) {\n    cheaper\n    ratio\n    breakEvenPredictions\n    mostPredictionsFor342Times: mostPredictionsForRatio(times: 342)\n    batch {\n      total {\n        amount\n      }\n    }\n    online {\n      total {\n        amount\n      }\n    }\n    curve {\n      predictions\n      batch {\n        amount\n      }\n      online {\n        amount\n      }\n      cheaper\n    }\n  }\n}": typeof types.BatchOrOnlineDocument,
    "\n  query Airport($id: ID!, $at: DateTime) {\n    flights {\n      airport(entityId: $id, asOf: $at) {\n        departures1h\n        departures24h\n        meanDelay3h\n        p90Delay24h\n        lateShare24h\n        delayTrend6h\n        lastDestination\n        lastDepartureAt\n        isHub\n        features {\n          name\n          timestamp\n        }\n      }\n    }\n  }\n": typeof types.AirportDocument,
    "\n  query Route($id: ID!, $at: DateTime) {\n    flights {\n      route(entityId: $id, asOf: $at) {\n        departures1h\n        departures24h\n        departures7d\n        meanDelay24h\n        meanDelay7d\n        lateShare7d\n        maxDelay24h\n        lastDelay\n        quietHours\n        distanceMiles\n      }\n    }\n  }\n": typeof types.RouteDocument,
    "\n  query NewestAirports($ids: [ID!]!, $names: [String!]!, $at: DateTime) {\n    featureMatrix(featurestore: \"flights\", entityType: \"airport\", entityIds: $ids, names: $names, asOf: $at) {\n      values\n      timestamps\n      statuses\n    }\n  }\n": typeof types.NewestAirportsDocument,
};
const documents: Documents = {
    "\n  query DepartureBoard($airports: [ID!]!, $at: DateTime) {\n    flights {\n      airports(entityIds: $airports, asOf: $at) {\n        entityId\n        name\n        departures1h\n        meanDelay3h\n        lastDestination\n      }\n    }\n  }\n": types.DepartureBoardDocument,
    "query Registry {\n  featurestores {\n    nodes {\n      name\n      description\n      labels\n      onlineStore {\n        kind\n        healthy\n      }\n      offlineStore {\n        kind\n        healthy\n      }\n      entityTypes {\n        name\n        description\n        entityIdColumns\n        dense\n        features(first: 5) {\n          nodes {\n            name\n            valueType\n            unit\n            description\n            owner\n            ttlSeconds\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n      featureViews {\n        name\n        schedule\n        features {\n          name\n        }\n      }\n    }\n  }\n}": types.RegistryDocument,
    "query Search {\n  searchFeatures(text: \"mean delay\", first: 5) {\n    nodes {\n      id\n      name\n      unit\n      description\n      entityType {\n        name\n      }\n    }\n  }\n}": types.SearchDocument,
    "query Typed {\n  flights {\n    airport(entityId: \"SFO\") {\n      name\n      city\n      departures24h\n      p90Delay24h\n      lastDestination\n      lastDepartureAt\n      isHub\n    }\n  }\n}": types.TypedDocument,
    "query AsOf($moment: DateTime = \"2001-03-07T14:00:00Z\") {\n  flights {\n    then: airport(entityId: \"SFO\", asOf: $moment) {\n      ...Delays\n    }\n    hourBefore: airport(entityId: \"SFO\", asOf: \"2001-03-07T13:00:00Z\") {\n      ...Delays\n    }\n    beforeAll: airport(entityId: \"SFO\", asOf: \"2000-12-31T23:59:59.999999Z\") {\n      ...Delays\n    }\n    now: airport(entityId: \"SFO\") {\n      ...Delays\n    }\n  }\n}\n\nfragment Delays on FlightsAirport {\n  asOf\n  departures1h\n  meanDelay3h\n  delayTrend6h\n}": types.AsOfDocument,
    "query Status {\n  entity(featurestore: \"flights\", entityType: \"airport\", entityId: \"SFO\") {\n    id\n    features(view: \"departure_board\") {\n      name\n      value\n      status\n      timestamp\n      ageSeconds\n    }\n  }\n}": types.StatusDocument,
    "query CompositeId {\n  flights {\n    routes(entityIds: [\"SFO,JFK\", \"JFK,SFO\"], asOf: \"2001-06-30T12:00:00Z\") {\n      entityId\n      distanceMiles\n      departures7d\n      meanDelay7d\n      lateShare7d\n      quietHours\n    }\n  }\n}": types.CompositeIdDocument,
    "query History($after: String) {\n  entity(featurestore: \"flights\", entityType: \"airport\", entityId: \"SFO\") {\n    history(\n      feature: \"departures_1h\"\n      from: \"2001-03-07T00:00:00Z\"\n      to: \"2001-03-07T23:59:59Z\"\n      first: 6\n      after: $after\n    ) {\n      nodes {\n        timestamp\n        value\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n}": types.HistoryDocument,
    "query Matrix {\n  featureMatrix(\n    featurestore: \"flights\"\n    entityType: \"airport\"\n    entityIds: [\"SFO\", \"JFK\", \"ATL\", \"XXX\"]\n    names: [\"departures_24h\", \"late_share_24h\", \"is_hub\"]\n    asOf: \"2001-06-30T12:00:00Z\"\n  ) {\n    entityIds\n    names\n    values\n    statuses\n  }\n}": types.MatrixDocument,
    "query Node {\n  nodes(\n    ids: [\"featurestores/flights\", \"featurestores/flights/entityTypes/airport/features/mean_delay_3h\", \"featurestores/flights/entityTypes/airport/entities/SFO@2001-03-07T14:00:00Z\", \"featurestores/flights/entityTypes/airport/entities/SFO\"]\n  ) {\n    __typename\n    id\n    ... on Feature {\n      valueType\n      unit\n    }\n    ... on FlightsAirport {\n      departures24h\n      lastDestination\n    }\n  }\n}": types.NodeDocument,
    "query Models {\n  models {\n    id\n    displayName\n    description\n    runtime\n    inputs {\n      name\n      valueType\n      unit\n      optional\n    }\n    outputs {\n      name\n      valueType\n      unit\n    }\n  }\n}": types.ModelsDocument,
    "query CostEstimate {\n  batchJob: estimateBatchPrediction(\n    input: {rows: 1000000, secondsPerBatch: 0.5, startingReplicaCount: 2, machineType: \"n1-standard-4\"}\n  ) {\n    total {\n      amount\n      currency\n    }\n    perPrediction {\n      amount\n    }\n    lines {\n      description\n      quantity\n      unit\n      unitPrice\n      amount\n    }\n    assumptions\n  }\n  featurestore: estimateFeaturestore(\n    input: {minNodes: 1, maxNodes: 3, onlineStorageGib: 50, readsPerMonth: 100000000, scannedTibPerMonth: 2}\n  ) {\n    total {\n      amount\n    }\n    atLeast {\n      amount\n    }\n    atMost {\n      amount\n    }\n    assumptions\n  }\n}": types.CostEstimateDocument,
    "query BatchOrOnline {\n  compareServing(\n    input: {predictions: 1000000, secondsPerBatch: 0.5, machineType: \"n1-standard-4\", hours: 730}\n  ) {\n    cheaper\n    ratio\n    breakEvenPredictions\n    mostPredictionsFor342Times: mostPredictionsForRatio(times: 342)\n    batch {\n      total {\n        amount\n      }\n    }\n    online {\n      total {\n        amount\n      }\n    }\n    curve {\n      predictions\n      batch {\n        amount\n      }\n      online {\n        amount\n      }\n      cheaper\n    }\n  }\n}": types.BatchOrOnlineDocument,
    "\n  query Airport($id: ID!, $at: DateTime) {\n    flights {\n      airport(entityId: $id, asOf: $at) {\n        departures1h\n        departures24h\n        meanDelay3h\n        p90Delay24h\n        lateShare24h\n        delayTrend6h\n        lastDestination\n        lastDepartureAt\n        isHub\n        features {\n          name\n          timestamp\n        }\n      }\n    }\n  }\n": types.AirportDocument,
    "\n  query Route($id: ID!, $at: DateTime) {\n    flights {\n      route(entityId: $id, asOf: $at) {\n        departures1h\n        departures24h\n        departures7d\n        meanDelay24h\n        meanDelay7d\n        lateShare7d\n        maxDelay24h\n        lastDelay\n        quietHours\n        distanceMiles\n      }\n    }\n  }\n": types.RouteDocument,
    "\n  query NewestAirports($ids: [ID!]!, $names: [String!]!, $at: DateTime) {\n    featureMatrix(featurestore: \"flights\", entityType: \"airport\", entityIds: $ids, names: $names, asOf: $at) {\n      values\n      timestamps\n      statuses\n    }\n  }\n": types.NewestAirportsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DepartureBoard($airports: [ID!]!, $at: DateTime) {\n    flights {\n      airports(entityIds: $airports, asOf: $at) {\n        entityId\n        name\n        departures1h\n        meanDelay3h\n        lastDestination\n      }\n    }\n  }\n"): typeof import('./graphql.ts').DepartureBoardDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Registry {\n  featurestores {\n    nodes {\n      name\n      description\n      labels\n      onlineStore {\n        kind\n        healthy\n      }\n      offlineStore {\n        kind\n        healthy\n      }\n      entityTypes {\n        name\n        description\n        entityIdColumns\n        dense\n        features(first: 5) {\n          nodes {\n            name\n            valueType\n            unit\n            description\n            owner\n            ttlSeconds\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n      featureViews {\n        name\n        schedule\n        features {\n          name\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').RegistryDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Search {\n  searchFeatures(text: \"mean delay\", first: 5) {\n    nodes {\n      id\n      name\n      unit\n      description\n      entityType {\n        name\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').SearchDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Typed {\n  flights {\n    airport(entityId: \"SFO\") {\n      name\n      city\n      departures24h\n      p90Delay24h\n      lastDestination\n      lastDepartureAt\n      isHub\n    }\n  }\n}"): typeof import('./graphql.ts').TypedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query AsOf($moment: DateTime = \"2001-03-07T14:00:00Z\") {\n  flights {\n    then: airport(entityId: \"SFO\", asOf: $moment) {\n      ...Delays\n    }\n    hourBefore: airport(entityId: \"SFO\", asOf: \"2001-03-07T13:00:00Z\") {\n      ...Delays\n    }\n    beforeAll: airport(entityId: \"SFO\", asOf: \"2000-12-31T23:59:59.999999Z\") {\n      ...Delays\n    }\n    now: airport(entityId: \"SFO\") {\n      ...Delays\n    }\n  }\n}\n\nfragment Delays on FlightsAirport {\n  asOf\n  departures1h\n  meanDelay3h\n  delayTrend6h\n}"): typeof import('./graphql.ts').AsOfDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Status {\n  entity(featurestore: \"flights\", entityType: \"airport\", entityId: \"SFO\") {\n    id\n    features(view: \"departure_board\") {\n      name\n      value\n      status\n      timestamp\n      ageSeconds\n    }\n  }\n}"): typeof import('./graphql.ts').StatusDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query CompositeId {\n  flights {\n    routes(entityIds: [\"SFO,JFK\", \"JFK,SFO\"], asOf: \"2001-06-30T12:00:00Z\") {\n      entityId\n      distanceMiles\n      departures7d\n      meanDelay7d\n      lateShare7d\n      quietHours\n    }\n  }\n}"): typeof import('./graphql.ts').CompositeIdDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query History($after: String) {\n  entity(featurestore: \"flights\", entityType: \"airport\", entityId: \"SFO\") {\n    history(\n      feature: \"departures_1h\"\n      from: \"2001-03-07T00:00:00Z\"\n      to: \"2001-03-07T23:59:59Z\"\n      first: 6\n      after: $after\n    ) {\n      nodes {\n        timestamp\n        value\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').HistoryDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Matrix {\n  featureMatrix(\n    featurestore: \"flights\"\n    entityType: \"airport\"\n    entityIds: [\"SFO\", \"JFK\", \"ATL\", \"XXX\"]\n    names: [\"departures_24h\", \"late_share_24h\", \"is_hub\"]\n    asOf: \"2001-06-30T12:00:00Z\"\n  ) {\n    entityIds\n    names\n    values\n    statuses\n  }\n}"): typeof import('./graphql.ts').MatrixDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Node {\n  nodes(\n    ids: [\"featurestores/flights\", \"featurestores/flights/entityTypes/airport/features/mean_delay_3h\", \"featurestores/flights/entityTypes/airport/entities/SFO@2001-03-07T14:00:00Z\", \"featurestores/flights/entityTypes/airport/entities/SFO\"]\n  ) {\n    __typename\n    id\n    ... on Feature {\n      valueType\n      unit\n    }\n    ... on FlightsAirport {\n      departures24h\n      lastDestination\n    }\n  }\n}"): typeof import('./graphql.ts').NodeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Models {\n  models {\n    id\n    displayName\n    description\n    runtime\n    inputs {\n      name\n      valueType\n      unit\n      optional\n    }\n    outputs {\n      name\n      valueType\n      unit\n    }\n  }\n}"): typeof import('./graphql.ts').ModelsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query CostEstimate {\n  batchJob: estimateBatchPrediction(\n    input: {rows: 1000000, secondsPerBatch: 0.5, startingReplicaCount: 2, machineType: \"n1-standard-4\"}\n  ) {\n    total {\n      amount\n      currency\n    }\n    perPrediction {\n      amount\n    }\n    lines {\n      description\n      quantity\n      unit\n      unitPrice\n      amount\n    }\n    assumptions\n  }\n  featurestore: estimateFeaturestore(\n    input: {minNodes: 1, maxNodes: 3, onlineStorageGib: 50, readsPerMonth: 100000000, scannedTibPerMonth: 2}\n  ) {\n    total {\n      amount\n    }\n    atLeast {\n      amount\n    }\n    atMost {\n      amount\n    }\n    assumptions\n  }\n}"): typeof import('./graphql.ts').CostEstimateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query BatchOrOnline {\n  compareServing(\n    input: {predictions: 1000000, secondsPerBatch: 0.5, machineType: \"n1-standard-4\", hours: 730}\n  ) {\n    cheaper\n    ratio\n    breakEvenPredictions\n    mostPredictionsFor342Times: mostPredictionsForRatio(times: 342)\n    batch {\n      total {\n        amount\n      }\n    }\n    online {\n      total {\n        amount\n      }\n    }\n    curve {\n      predictions\n      batch {\n        amount\n      }\n      online {\n        amount\n      }\n      cheaper\n    }\n  }\n}"): typeof import('./graphql.ts').BatchOrOnlineDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Airport($id: ID!, $at: DateTime) {\n    flights {\n      airport(entityId: $id, asOf: $at) {\n        departures1h\n        departures24h\n        meanDelay3h\n        p90Delay24h\n        lateShare24h\n        delayTrend6h\n        lastDestination\n        lastDepartureAt\n        isHub\n        features {\n          name\n          timestamp\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').AirportDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Route($id: ID!, $at: DateTime) {\n    flights {\n      route(entityId: $id, asOf: $at) {\n        departures1h\n        departures24h\n        departures7d\n        meanDelay24h\n        meanDelay7d\n        lateShare7d\n        maxDelay24h\n        lastDelay\n        quietHours\n        distanceMiles\n      }\n    }\n  }\n"): typeof import('./graphql.ts').RouteDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NewestAirports($ids: [ID!]!, $names: [String!]!, $at: DateTime) {\n    featureMatrix(featurestore: \"flights\", entityType: \"airport\", entityIds: $ids, names: $names, asOf: $at) {\n      values\n      timestamps\n      statuses\n    }\n  }\n"): typeof import('./graphql.ts').NewestAirportsDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
