import { ask } from './ask.js';
import { silentEventStreams, silentWebSockets } from './silent-readers.js';

/** Requests of one client that keep a gateway busy. Each is sent again when its answer came, by some connections at once. */
export interface Attack {
  readonly name: string;
  readonly connections: number;
  /** `prepared` is what `prepare` gave. */
  readonly body: (prepared: unknown) => object;
  /** Runs once, before the attack. */
  readonly prepare?: (url: string) => Promise<unknown>;
  /** The attack ends after this number of requests. Absent: after the time of the measure. */
  readonly maxRequests?: number;
}

const IDS = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
const FEATURES = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'f9'];
const OF = 'featurestore: "bench", entityType: "thing"';

function aliases(count: number, field: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `a${index}: ${field(index)}`).join(' ');
}

function moment(index: number): string {
  return `2024-02-${String(1 + (index % 28)).padStart(2, '0')}T00:00:00Z`;
}

const LABELS = Array.from({ length: 3_000 }, (_, index) => ({ thing: `t${index}`, timestamp: moment(index) }));

/** A training set of labels that are in the request. */
const TRAINING_SET = {
  featurestore: 'bench',
  entityType: 'thing',
  features: FEATURES,
  labels: { source: { rows: LABELS } },
};

const START =
  'mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } userErrors { message } } }';

interface Started {
  readonly startTrainingSet: { readonly job: { readonly id: string } };
}

/** A job with the most and the longest labels that are permitted. Gives its id. */
async function startLabelledJob(url: string): Promise<string> {
  const labels = Object.fromEntries(
    Array.from({ length: 64 }, (_, index) => [String(index).padEnd(128, 'k'), 'v'.repeat(500)]),
  );
  const rows = LABELS.slice(0, 1);
  const trainingSet = { ...TRAINING_SET, labels: { source: { rows } } };
  const { startTrainingSet } = await ask<Started>(url, START, { input: { trainingSet, labels } });
  return startTrainingSet.job.id;
}

/** The cost of the small request must not become that of the large one. */
function poisonedCost(): object {
  const query = `query ($n: [ID!]! = ["t1"], $m: String! = "f0") {
    ${aliases(150, () => `featureMatrix(${OF}, entityIds: $n, names: [$m]) { values }`)} }`;
  poisonedCost.isPoisoned = !poisonedCost.isPoisoned;
  return { query, variables: poisonedCost.isPoisoned ? { 'n:[10000],m': 'x' } : { n: IDS, m: 'f0' } };
}
poisonedCost.isPoisoned = false;

let documents = 0;

export const ATTACKS: readonly Attack[] = [
  { name: 'none', connections: 0, body: () => ({}) },
  { name: 'poisoned cost, then 150 matrices of 10,000 ids', connections: 1, body: poisonedCost },
  {
    name: '10,000 ids under 30 aliases',
    connections: 1,
    body: () => ({
      query: `query ($ids: [ID!]!) {
        ${aliases(30, () => `entities(${OF}, entityIds: $ids) { entityId features(names: ["f0"]) { value } }`)} }`,
      variables: { ids: IDS },
    }),
  },
  {
    name: '10,000 ids x 10 features as objects',
    connections: 4,
    body: () => ({
      query: `query ($ids: [ID!]!, $names: [String!]) {
        entities(${OF}, entityIds: $ids) { entityId features(names: $names) { name value status timestamp } } }`,
      variables: { ids: IDS, names: FEATURES },
    }),
  },
  {
    name: 'typed fields of 10,000 ids',
    connections: 4,
    body: () => ({
      query: `query ($ids: [ID!]!) { bench { things(entityIds: $ids) { entityId ${FEATURES.join(' ')} } } }`,
      variables: { ids: IDS },
    }),
  },
  {
    name: 'typed fields of 10,000 ids, a new document each time',
    connections: 4,
    body: () => ({
      query: `query Typed${(documents += 1)} ($ids: [ID!]!) { bench { things(entityIds: $ids) { entityId ${FEATURES.join(' ')} } } }`,
      variables: { ids: IDS },
    }),
  },
  {
    name: 'a matrix of 10,000 ids x 20 features',
    connections: 4,
    body: () => ({
      query: `query ($ids: [ID!]!, $names: [String!]!) {
        featureMatrix(${OF}, entityIds: $ids, names: $names) { values timestamps statuses } }`,
      variables: { ids: IDS, names: FEATURES },
    }),
  },
  {
    name: '9 asOf of 10,000 ids, 12 requests at once',
    connections: 12,
    body: () => ({
      query: `query ($ids: [ID!]!) { ${aliases(
        9,
        (index) => `featureMatrix(${OF}, entityIds: $ids, names: ["f0"], asOf: "${moment(index)}") { values }`,
      )} }`,
      variables: { ids: IDS },
    }),
  },
  {
    name: 'a search of 160,000 words',
    connections: 1,
    body: () => ({
      query: 'query ($text: String!) { searchFeatures(text: $text) { nodes { name } } }',
      variables: { text: 'delay '.repeat(160_000) },
    }),
  },
  {
    name: 'a search of one word of 900 kB',
    connections: 1,
    body: () => ({
      query: 'query ($text: String!) { searchFeatures(text: $text) { nodes { name } } }',
      variables: { text: 'd'.repeat(900_000) },
    }),
  },
  {
    name: '300 histories in a request',
    connections: 4,
    body: () => ({
      query: `{ ${aliases(
        300,
        (index) => `entity(${OF}, entityId: "t${index}") { history(feature: "f0", first: 100) { nodes { value } } }`,
      )} }`,
    }),
  },
  {
    name: '300 aliases of the labels of a job, of the largest size',
    connections: 4,
    prepare: startLabelledJob,
    body: (job) => ({ query: `{ ${aliases(300, () => `job(id: "${String(job)}") { labels }`)} }` }),
  },
  {
    name: '20 event streams of 1,000 entities that never read',
    connections: 0,
    prepare: (url) => silentEventStreams(url, 20),
    body: () => ({}),
  },
  {
    name: '20 WebSockets with 100 subscriptions of 1,000 entities that never read',
    connections: 0,
    prepare: (url) => silentWebSockets(url, 20, 100),
    body: () => ({}),
  },
  {
    name: '30 previews of 3,000 labels in a request',
    connections: 4,
    body: () => ({
      query: `query ($input: TrainingSetInput!) { ${aliases(
        30,
        () => 'trainingSetPreview(input: $input, first: 1) { rows }',
      )} }`,
      variables: { input: TRAINING_SET },
    }),
  },
  {
    name: '320 training set jobs',
    connections: 8,
    maxRequests: 320,
    body: () => ({ query: START, variables: { input: { trainingSet: TRAINING_SET } } }),
  },
];
