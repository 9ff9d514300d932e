import { documentFor, everywhere, expectRefusal, nested, times, type Attack } from './attack.js';

const fragments = times(30, (index) => `fragment F${index} on ROOT { ...F${index + 1} ...F${index + 1} }`);

/** A document that is refused with the same code over each transport. */
function refused(name: string, document: string, code: string): Attack {
  return everywhere(name, `refused with ${code}`, async (gateway, transport) => {
    expectRefusal(await gateway.send(transport, 'ann', { query: documentFor(transport, document) }), code);
  });
}

export const DOCUMENT_ATTACKS: readonly Attack[] = [
  refused('aliases of __typename', `{ ${times(9000, (n) => `a${n}: __typename`)} }`, 'GRAPHQL_PARSE_FAILED'),
  refused(
    'an unknown directive, thousands of times',
    `{ ... on ROOT ${times(3000, () => '@x')} { FIELD } }`,
    'GRAPHQL_VALIDATION_FAILED',
  ),
  refused(
    'fragments in a circle',
    '{ ...A } fragment A on ROOT { ...B } fragment B on ROOT { ...A }',
    'GRAPHQL_VALIDATION_FAILED',
  ),
  refused(
    'fragments that double',
    `{ ...F0 } ${fragments} fragment F30 on ROOT { FIELD }`,
    'GRAPHQL_VALIDATION_FAILED',
  ),
  refused('a deep document', `{ ${nested(2000, '... on ROOT { ', 'FIELD', '}')} }`, 'QUERY_TOO_EXPENSIVE'),
  refused('a document of too many tokens', `{ ${times(20_000, () => 'FIELD')} }`, 'GRAPHQL_PARSE_FAILED'),
  refused('introspection that is closed', '{ __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'),
  refused(
    'a misspelled field, for suggestions',
    '{ viewr { name } jobProgres { state } }',
    'GRAPHQL_VALIDATION_FAILED',
  ),
  everywhere('`first` that is too large or below 0', 'refused', async (gateway, transport) => {
    const OVER: readonly [string, string, Record<string, unknown>][] = [
      ['', '2147483647', {}],
      ['', '2147483648', {}],
      ['', '-1', {}],
      ['($n: Int)', '$n', { n: 100_000 }],
      ['($n: Int)', '$n', { n: 2 ** 31 }],
      ['($n: Int = 100000)', '$n', {}],
      ['($n: Int = -1)', '$n', {}],
    ];
    for (const [declared, first, variables] of OVER) {
      const sent = await gateway.send(transport, 'admin', {
        query: documentFor(transport, `KIND ${declared} { ${historyOf(transport, `first: ${first}`)} }`),
        variables,
      });
      const data = sent.data.map((each) => historyIn(each));
      expectRefusal({ ...sent, data }, 'BAD_USER_INPUT', 'QUERY_TOO_EXPENSIVE', 'GRAPHQL_VALIDATION_FAILED');
    }
    const one = documentFor(transport, `KIND { ${historyOf(transport, 'first: 1')} }`);
    const { data } = await gateway.send(transport, 'admin', { query: one });
    if (historyIn(data[0]).nodes.length !== 1) throw new Error('first: 1 is one value');
    const none = documentFor(transport, `KIND ($n: Int = 1) { ${historyOf(transport, 'first: $n')} }`);
    const explicit = await gateway.send(transport, 'admin', { query: none, variables: { n: null } });
    if (historyIn(explicit.data[0]).nodes.length !== 3) throw new Error('first: null is a page of the usual size');
  }),
  everywhere('`first` together with `last`', 'refused with GRAPHQL_VALIDATION_FAILED', async (gateway, transport) => {
    const query = documentFor(transport, `KIND { ${historyOf(transport, 'first: 1, last: 1')} }`);
    expectRefusal(await gateway.send(transport, 'admin', { query }), 'GRAPHQL_VALIDATION_FAILED');
  }),
];

/** The history of an entity, as each transport reaches it. */
export function historyOf(transport: 'http' | 'webSocket' | 'eventStream', page: string, entityId = 'acme:1'): string {
  const history = `history(feature: "city", ${page}) { nodes { value } pageInfo { endCursor } }`;
  return transport === 'http'
    ? `entity(featurestore: "shop", entityType: "customer", entityId: "${entityId}") { ${history} }`
    : `featureValues(featurestore: "shop", entityType: "customer", entityIds: ["${entityId}"]) { entities { ${history} } }`;
}

/** The history in the data of an answer; null if there is none. */
export function historyIn(data: any): any {
  return data?.entity?.history ?? data?.featureValues?.entities?.[0]?.history ?? null;
}
