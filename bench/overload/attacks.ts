/** Requests of one client that keep a gateway busy. Each is sent again when its answer came, by some connections at once. */
export interface Attack {
  readonly name: string;
  readonly connections: number;
  readonly body: () => object;
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

/** The cost of the small request must not become that of the large one. */
function poisonedCost(): object {
  const query = `query ($n: [ID!]! = ["t1"], $m: String! = "f0") {
    ${aliases(150, () => `featureMatrix(${OF}, entityIds: $n, names: [$m]) { values }`)} }`;
  poisonedCost.isPoisoned = !poisonedCost.isPoisoned;
  return { query, variables: poisonedCost.isPoisoned ? { 'n:[10000],m': 'x' } : { n: IDS, m: 'f0' } };
}
poisonedCost.isPoisoned = false;

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
];
