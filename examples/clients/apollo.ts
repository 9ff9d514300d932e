import {
  ApolloClient,
  ApolloLink,
  HttpLink,
  InMemoryCache,
  type FieldMergeFunction,
  type PossibleTypesMap,
  type StoreObject,
  type TypePolicies,
} from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';

/** Types without an id, always inside an object that has one. Their fields from several queries belong together. */
const VALUE_OBJECTS = [
  ...[
    'BacktestActual',
    'BacktestSeries',
    'BatchInput',
    'BatchInstances',
    'BatchOutput',
    'BatchResources',
    'BudgetUsage',
    'FileOptions',
    'GeneratedLabels',
    'JobError',
    'JobProgress',
    'StoreInfo',
    'StreamError',
    'TrainingSetOutput',
  ],
  ...['TrainingSetJobInput', 'TrainingSetProvenance'],
  ...[
    'CostEstimate',
    'FeatureDrift',
    'FeatureMatrix',
    'FeatureStatistics',
    'Money',
    'ServedSkew',
    'ServingComparison',
    'SourceRefreshEstimate',
    'TrainingSetPreview',
    'TrainingSetValidation',
    'Viewer',
  ],
  ...['BatchPredictionJobConnection', 'FeatureConnection', 'FeaturestoreConnection', 'FeatureValueConnection'],
  ...['JobConnection', 'PredictionConnection', 'PredictionFailureConnection', 'PageInfo'],
  ...['FeatureValue', 'FeatureValuesEvent', 'Prediction', 'PredictionFailure', 'RegistryPlan'],
  ...['FeatureSource', 'FeatureValueExplanation', 'Lineage', 'OnlineOrigin'],
];

/** Lists of such types. The arguments of a field decide the order of its list. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  BacktestJob: ['drift'],
  BatchOutput: ['drift', 'statistics'],
  BatchPredictionJob: ['metrics'],
  BatchPredictionJobConnection: ['edges'],
  ComputedViolation: ['examples'],
  CostEstimate: ['lines'],
  Entity: ['features'],
  EntityType: ['sources'],
  FeatureServedSkew: ['examples', 'statuses'],
  FeatureSource: ['tables'],
  FeatureStatistics: ['histogram', 'quantiles', 'topValues'],
  Featurestore: ['streams'],
  Feature: ['expectations'],
  FeatureConnection: ['edges'],
  FeaturestoreConnection: ['edges'],
  FeatureValueConnection: ['edges', 'nodes'],
  FeatureValueExplanation: ['rows'],
  FeatureValuesEvent: ['written'],
  JobConnection: ['edges'],
  Lineage: ['edges', 'nodes'],
  Model: ['inputs', 'outputs'],
  MonitorRunJob: ['checks', 'findings'],
  Prediction: ['attributions'],
  PredictionConnection: ['edges', 'nodes'],
  PredictionFailureConnection: ['edges', 'nodes'],
  PriceBook: ['prices'],
  RegistryPlan: ['breaks', 'recomputed', 'renamed'],
  ServedSkew: ['features'],
  ServingComparison: ['curve'],
  SourceRefreshEstimate: ['sources'],
  SourceRefreshJob: ['computed', 'violations'],
  TrainingSetJob: ['leftOut'],
  TrainingSetJobInput: ['joins'],
  TrainingSetOutput: ['drift', 'statistics'],
  TrainingSetPreview: ['leftOut'],
  TrainingSetProvenance: ['features'],
  TrainingSetValidation: ['featureCoverage', 'labelCopies', 'offendingRows', 'unexpectedValues'],
  Viewer: ['permissions'],
};

/** Merges item by item. A list of another length is another answer: it replaces the one before. */
const mergeItems: FieldMergeFunction<readonly StoreObject[]> = (existing, incoming, { mergeObjects }) =>
  existing?.length === incoming.length ? incoming.map((item, index) => mergeObjects(existing[index]!, item)) : incoming;

/** The same for every gateway: the types of a registry have ids. */
export const typePolicies: TypePolicies = Object.fromEntries(
  [...new Set([...VALUE_OBJECTS, ...Object.keys(LISTS)])].map((type) => [
    type,
    {
      ...(VALUE_OBJECTS.includes(type) ? { merge: true } : {}),
      fields: Object.fromEntries((LISTS[type] ?? []).map((field) => [field, { merge: mergeItems }])),
    },
  ]),
);

/**
 * Queries and mutations by POST, subscriptions over WebSocket. `possibleTypes` comes from the schema of the gateway: see
 * examples/flights/generated/possible-types.ts.
 */
export function createApolloClient(uri: string, possibleTypes: PossibleTypesMap): ApolloClient {
  const socket = createClient({ url: uri.replace(/^http/, 'ws') });
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({ uri }),
    ),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
  });
}
