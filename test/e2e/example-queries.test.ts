import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { PageExamples } from '../../server/example-queries.js';
import type { ServedRegistry } from '../support/serve-registries.js';
import { servedRegistry } from '../support/served-registry.js';
import { webSocketClient } from '../support/stream-clients.js';
import { until } from '../support/until.js';

const root = join(import.meta.dirname, '../..');

const send = async (url: string, query: string) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { data?: unknown; errors?: unknown };
};

/** The first event of a subscription; about the newest job there is, if it is about a job. */
const follow = async (url: string, query: string) => {
  const { data } = (await send(url, '{ jobs(first: 1) { nodes { id } } }')) as {
    data: { jobs: { nodes: { id: string }[] } };
  };
  const client = webSocketClient(url);
  const { results } = await client.follow({ query, variables: { id: data.jobs.nodes[0]?.id } }, (_result, end) =>
    end(),
  );
  client.close();
  return results[0] as { data?: unknown; errors?: unknown };
};

/** Those of the flights are files, those of the minimal registry are made from it. */
describe.each<[ServedRegistry, string, number]>([
  ['flights', 'Registry', 15],
  ['minimal', 'Typed', 5],
])('the examples of the page, over the registry %s', async (name, first, count) => {
  const { url } = await servedRegistry(name);
  const response = await fetch(new URL('/console/examples.json', url));
  const { queries } = (await response.json()) as PageExamples;

  it('are there', () => {
    expect(queries[0]!.query).toContain(`query ${first} {`);
    expect(queries.length).toBeGreaterThanOrEqual(count);
  });

  it.each(queries)('are answered: $name', async ({ query }) => {
    const isSubscription = getOperationAST(parse(query))?.operation === OperationTypeNode.SUBSCRIPTION;
    const { data, errors } = await (isSubscription ? follow(url, query) : send(url, query));
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).not.toMatch(/^{}$/);
  });
});

const { url: flights } = await servedRegistry('flights');
const ask = (query: string) => send(flights, query);

/** Every query in the README stands before the answer it gives. */
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const pairs = [...readme.matchAll(/```graphql\n(.*?)```\n+```json\n(.*?)```/gs)].map(
  ([, query, answer]) => [query!.trim().split('\n').slice(0, 2).join(''), query!, answer!] as const,
);

it('the README shows queries', () => expect(pairs.length).toBeGreaterThanOrEqual(5));

/** A reader asks for what came of a job when it has come. */
const whenNothingRuns = () =>
  until(async () => {
    const { data } = await ask(
      '{ jobs(filter: { states: [QUEUED, PENDING, RUNNING], labels: { example: "two flights" } }) { nodes { id } } }',
    );
    return (data as { jobs: { nodes: unknown[] } }).jobs.nodes.length === 0;
  });

it.each(pairs)('the README tells the truth: %s', async (_title, query, answer) => {
  await whenNothingRuns();
  expect(await ask(query)).toEqual(JSON.parse(answer));
});
