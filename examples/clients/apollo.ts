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
    'BatchInput',
    'BatchInstances',
    'BatchOutput',
    'BatchResources',
    'BudgetUsage',
    'FileOptions',
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
    'ServingComparison',
    'TrainingSetPreview',
    'TrainingSetValidation',
    'Viewer',
  ],
  ...['BatchPredictionJobConnection', 'FeatureConnection', 'FeaturestoreConnection', 'FeatureValueConnection'],
  ...['JobConnection', 'PredictionConnection', 'PredictionFailureConnection', 'PageInfo'],
  ...['FeatureValue', 'FeatureValuesEvent', 'Prediction', 'PredictionFailure', 'RegistryPlan'],
];

/** Lists of such types. The arguments of a field decide the order of its list. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  BatchPredictionJob: ['metrics'],
  BatchPredictionJobConnection: ['edges'],
  CostEstimate: ['lines'],
  Entity: ['features'],
  EntityType: ['sources'],
  FeatureStatistics: ['histogram', 'quantiles', 'topValues'],
  Featurestore: ['streams'],
  FeatureConnection: ['edges'],
  FeaturestoreConnection: ['edges'],
  FeatureValueConnection: ['edges', 'nodes'],
  FeatureValuesEvent: ['written'],
  JobConnection: ['edges'],
  Model: ['inputs', 'outputs'],
  Prediction: ['attributions'],
  PredictionConnection: ['edges', 'nodes'],
  PredictionFailureConnection: ['edges', 'nodes'],
  PriceBook: ['prices'],
  RegistryPlan: ['breaks', 'recomputed', 'renamed'],
  ServingComparison: ['curve'],
  SourceRefreshJob: ['computed'],
  TrainingSetJob: ['leftOut'],
  TrainingSetJobInput: ['joins'],
  TrainingSetPreview: ['leftOut'],
  TrainingSetProvenance: ['features'],
  TrainingSetValidation: ['featureCoverage', 'labelCopies', 'offendingRows'],
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
