import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Policy } from '../../../../auth/policy/policy.js';
import type { Registry } from '../../../../datasources/registry/registry.js';
import { loadRegistry } from '../../../../datasources/registry/yaml/load-registry.js';
import { HotLane } from '../../../../server/hot-lane/hot-lane.js';
import type { RawValue, ValueType } from '../../../../values/value-type.js';
import { RandomDocuments, seededRandom, type RandomDocument, type Values } from '../../../support/random-documents.js';
import { row, smallRegistry, NOW } from '../../../support/small-registry.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../../support/test-gateway.js';

/** HOT_LANE_REQUESTS=20000 HOT_LANE_SEED=… looks longer, and elsewhere. */
const REQUESTS = Number(process.env.HOT_LANE_REQUESTS ?? 600);
const SEED = Number(process.env.HOT_LANE_SEED ?? 7);
const REQUESTS_OF_A_DOCUMENT = 4;

const POLICY = new Policy({
  rules: [
    { name: 'all read', who: 'EVERYONE', allow: ['READ'] },
    { name: 'not these', who: 'EVERYONE', deny: ['READ'], features: ['city', 'double', '*_delay*', 'int*'] },
    { name: 'not of ann', who: 'EVERYONE', deny: ['READ'], entityIds: ['ann'], features: ['mean_basket', 'string'] },
  ],
});

/** The source of these features has no creation times; the policy denies the first of them. */
const FAILING_READ =
  '{ flights { route(entityId: "ATL,ORD", knownAt: "2001-03-07T14:00:00Z") { meanDelay24h departures7d } } }';

const flights = await loadRegistry(join(import.meta.dirname, '../../../../examples/flights/registry.yaml'));
const minimal = await loadRegistry(join(import.meta.dirname, '../../../../examples/minimal/registry.yaml'));

const CASES: readonly [string, Registry, TestGatewayOptions][] = [
  ['two small featurestores', smallRegistry(), {}],
  ['two small featurestores with a policy', smallRegistry(), { policy: POLICY }],
  ['two small featurestores with low limits', smallRegistry(), { maxQueryCost: 60, isIntrospectionAllowed: false }],
  ['the flights with a policy', flights, { policy: POLICY }],
  ['the smallest registry', minimal, {}],
];

describe.each(CASES)('a request over %s', (_name, registry, options) => {
  let hot: TestGateway;
  let cold: TestGateway;
  beforeAll(async () => {
    hot = await startTestGateway(registry, options);
    cold = await startTestGateway(registry, { ...options, isHotLaneOff: true });
    for (const gateway of [hot, cold]) await writeRows(gateway, registry);
  });
  afterAll(() => Promise.all([hot.close(), cold.close()]));

  it('has the same answer by both ways when a read fails of which some features are denied', async () => {
    const body = JSON.stringify({ query: FAILING_READ });
    const request = {
      method: 'POST',
      search: '',
      headers: { 'content-type': 'application/json', 'x-request-id': 'a' },
      body,
    };
    for (let time = 0; time < 3; time += 1) expect(await send(hot.url, request)).toEqual(await send(cold.url, request));
  });

  it(
    `has the same answer, headers and code by the hot lane and by Apollo (seed ${SEED})`,
    async () => {
      const answerer = vi.spyOn(HotLane.prototype, 'answerer');
      const random = seededRandom(SEED);
      const documents = new RandomDocuments(hot.schema, random, valuesOf(registry));
      for (let sent = 0; sent < REQUESTS;) {
        const document = documents.next();
        for (let count = 0; count < REQUESTS_OF_A_DOCUMENT; count += 1) {
          const request = randomRequest(document, documents, `${SEED}-${sent}`);
          const [byLane, byApollo] = await Promise.all([send(hot.url, request), send(cold.url, request)]);
          const [one, other] = comparable(byLane, byApollo);
          expect(one, JSON.stringify(request)).toEqual(other);
          sent += 1;
        }
      }
      const byLane = answerer.mock.results.filter(({ value }) => value !== undefined).length;
      answerer.mockRestore();
      expect(byLane).toBeGreaterThan(REQUESTS / 60);
    },
    REQUESTS * 500,
  );
});

interface RawRequest {
  readonly method: string;
  readonly search: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const ACCEPTED = [
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json;q=0.9',
  'text/html',
  'application/json;q=0, */*',
  'text/plain',
];
const CONTENT_TYPES = [
  'application/json; charset=utf-8',
  'text/plain',
  'application/graphql',
  'application/json; charset=latin1',
];

/** Mostly as clients send it; sometimes with a part that is not. */
function randomRequest(document: RandomDocument, documents: RandomDocuments, requestId: string): RawRequest {
  const rarely = <Value>(usual: Value, others: readonly Value[]): Value =>
    documents.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) === 0 ? documents.pick(others) : usual;
  const method = rarely('POST', ['GET', 'GET', 'HEAD', 'PUT']);
  const parameters = {
    query: rarely<unknown>(document.text, [`${document.text} `, '', '{', 7, null, undefined]),
    operationName: rarely<unknown>(document.operationName, ['Other', 'None', '', null, 5]),
    variables: rarely<unknown>(document.variables(), [null, undefined, '{}', [], 3]),
    extensions: rarely<unknown>(undefined, [{}, null, 'x', [], { persistedQuery: { version: 1, sha256Hash: 'a' } }]),
  };
  const accept = rarely('*/*', ACCEPTED);
  const headers: Record<string, string> = {
    'x-request-id': requestId,
    accept,
    ...rarely<Record<string, string>>({}, [
      { 'x-show-cost': '1' },
      { origin: 'https://elsewhere.example' },
      { 'user-agent': 'Mozilla/5.0' },
    ]),
  };
  if (method === 'POST' || method === 'PUT') {
    const json = JSON.stringify(parameters);
    const body = rarely(json, [json.slice(0, -1), '', '[]', 'null', '7', `[${json}]`, withLongNumber(json)]);
    return {
      method,
      search: '',
      headers: { ...headers, 'content-type': rarely('application/json', CONTENT_TYPES) },
      body,
    };
  }
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null)
      search.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  if (rarely(false, [true])) search.append('query', '{ __typename }');
  const ofGet = rarely<Record<string, string>>({ ...headers, accept: 'application/graphql-response+json' }, [
    headers,
    { ...headers, 'apollo-require-preflight': '1' },
    { ...headers, 'content-type': 'application/json' },
  ]);
  return { method, search: withLongNumber(`?${search.toString()}`), headers: ofGet, body: undefined };
}

function withLongNumber(text: string): string {
  return text.replace(/(:|%3A)(7|-1)(?=[,}%])/, '$19007199254740993');
}

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function send(url: string, { method, search, headers, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const target = `${url}${search.length < 8_000 ? search : ''}`;
    // A connection of its own: a worker that was busy for seconds does not see that the gateway has closed an idle one.
    const request = httpRequest(target, { method, headers, agent: false }, (response) => {
      const { date: _date, ...sent } = response.headers;
      text(response).then(
        (received) => resolve({ status: response.statusCode, headers: sent, body: received }),
        reject,
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/**
 * Two answers as GraphQL compares them: errors of several fields have no order. Where a field that may not be null failed and no data
 * is left, GraphQL also leaves open which errors of other fields are listed beside that one: those that both have remain.
 */
function comparable(...answers: readonly [RawAnswer, RawAnswer]): readonly unknown[] {
  const parsed = answers.map(({ body }) => parseErrors(body));
  const [first, second] = parsed;
  if (!first || !second) return answers;
  const isWithoutData = [first, second].every(({ data }) => data === null);
  const common = new Set(first.errors.filter((error) => second.errors.includes(error)));
  if (isWithoutData) expect(common.size).toBe(Math.min(first.errors.length, second.errors.length));
  return answers.map(({ status, headers: { 'content-length': length, ...headers } }, index) => {
    const { errors, ...others } = parsed[index]!;
    const listed = isWithoutData ? errors.filter((error) => common.has(error)) : errors;
    return { status, headers, length: isWithoutData ? null : length, errors: listed.toSorted(), others };
  });
}

/** An answer with errors, each of which is a text; undefined for any other answer. */
function parseErrors(body: string): { readonly errors: readonly string[]; readonly data?: unknown } | undefined {
  if (!body.startsWith('{"errors":')) return undefined;
  const { errors, ...others } = JSON.parse(body) as { readonly errors: readonly unknown[] };
  return { ...others, errors: errors.map((error) => JSON.stringify(error)) };
}

const IDS = ['ann', 'bob', 'nobody', 'ann,home', 'ATL', '', 'N1'];
const INSTANTS = [
  '2001-09-09T01:46:40Z',
  '2001-09-09T01:46:35+02:00',
  '1999-01-01T00:00:00Z',
  'yesterday',
  '2001-02-30T00:00:00Z',
];

function valuesOf(registry: Registry): Values {
  const entityTypes = registry.featurestores.flatMap((featurestore) => featurestore.entityTypes);
  const featurestores = [...registry.featurestores.map(({ name }) => name), 'none'];
  const types = [...entityTypes.map(({ name }) => name), 'none'];
  const names = [...new Set(entityTypes.flatMap(({ features }) => features.map(({ name }) => name))), 'none'];
  const resources = registry.featurestores.flatMap(({ name, entityTypes: of }) => [
    `featurestores/${name}`,
    `featurestores/${name}/entities`,
    ...of.map((entityType) => `featurestores/${name}/entityTypes/${entityType.name}`),
    ...of.map((entityType) => `featurestores/${name}/entityTypes/${entityType.name}/entities/ann`),
  ]);
  return {
    featurestore: featurestores,
    entityType: types,
    name: [...featurestores, ...types, ...names],
    names,
    feature: names,
    view: ['basket', 'none'],
    entityId: IDS,
    entityIds: IDS,
    id: [...resources, 'nothing'],
    ids: [...resources, 'nothing'],
    text: ['orders', 'delay', ''],
    after: ['x', ''],
    first: [0, 1, 2, 3, 200, -1],
    flag: [true, false],
    ID: IDS,
    String: ['x', ''],
    Int: [0, 1, 5],
    Float: [0.5, 3],
    Boolean: [true, false],
    BigInt: ['1', '9223372036854775807', 'x'],
    DateTime: INSTANTS,
  };
}

const ROW_VALUES: Readonly<Record<ValueType, readonly RawValue[]>> = {
  BOOL: [true, false],
  BOOL_ARRAY: [[true, false], []],
  DOUBLE: [1.5, NaN, -0, 1e300, Infinity],
  DOUBLE_ARRAY: [[0.5, -1], [NaN]],
  INT64: [7n, -(2n ** 63n)],
  INT64_ARRAY: [[1n, 2n]],
  STRING: ['plain', 'quote " backslash \\ tab \t zürich 🛫 \ud800', ''],
  STRING_ARRAY: [['a', 'b"']],
  BYTES: [new Uint8Array([1, 255])],
  STRUCT: [{ a: [1, null, 'x'], b: { c: true } }],
  TIMESTAMP: [1n, NOW],
};

/** Some entities with values, with nulls, and with values that are too old. */
async function writeRows(gateway: TestGateway, registry: Registry): Promise<void> {
  const random = seededRandom(SEED);
  for (const { entityTypes } of registry.featurestores) {
    for (const { sources, entityIdColumns } of entityTypes) {
      for (const source of sources) {
        const rows = ['ann', 'bob', 'ATL'].flatMap((id) =>
          [-500, -10, -5].map((seconds) =>
            row(
              entityIdColumns.length === 1 ? id : entityIdColumns.map(() => id).join(','),
              seconds,
              Object.fromEntries(
                source.features.map(({ name, valueType }) => {
                  const values = ROW_VALUES[valueType];
                  return [name, random() < 0.2 ? null : values[Math.floor(random() * values.length)]!];
                }),
              ),
            ),
          ),
        );
        await gateway.write(
          source,
          source.timestampColumn === null ? rows.map((each) => ({ ...each, timestamp: null })) : rows,
        );
      }
    }
  }
}
