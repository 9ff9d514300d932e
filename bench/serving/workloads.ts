export interface Workload {
  readonly name: string;
  readonly query: string;
  readonly entities: number;
  readonly features: number;
}

/** Raw JSON, the best peer, and the gateway: as it ships, without its log, and without its hot lane. */
export const VARIANTS = ['raw', 'mercurius', 'featuregraph', 'without log', 'without lane'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Features of the entity type. */
export const FEATURES = 50;

const list = (features: number): Pick<Workload, 'query' | 'features'> => ({
  features,
  query: `query ($ids: [ID!]!, $names: [String!]) { entities(featurestore: "bench", entityType: "thing", entityIds: $ids) { entityId features(names: $names) { name value status timestamp } } }`,
});
const typed = `query ($ids: [ID!]!) { bench { things(entityIds: $ids) { entityId ${featureNames(10).join(' ')} } } }`;
const matrix = `query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(featurestore: "bench", entityType: "thing", entityIds: $ids, names: $names) { entityIds names values timestamps statuses } }`;

export const WORKLOADS: readonly Workload[] = [
  { name: 'Q1: 1 entity x 10 features, list', entities: 1, ...list(10) },
  { name: 'Q2: 100 entities x 10 features, list', entities: 100, ...list(10) },
  { name: 'Q2t: 100 entities x 10 typed fields', entities: 100, features: 10, query: typed },
  { name: 'Q3: 100 entities x 10 features, matrix', entities: 100, features: 10, query: matrix },
  { name: 'Q5: 100 entities x 50 features, list', entities: 100, ...list(50) },
];

export function featureNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `f${index}`);
}

/** The variables of a request: other entities each time. */
export function variablesOf({ entities, features, query }: Workload, number: number, stored: number): object {
  const ids = Array.from({ length: entities }, (_, index) => `e${(number * 197 + index * 31) % stored}`);
  return query.includes('$names') ? { ids, names: featureNames(features) } : { ids };
}
