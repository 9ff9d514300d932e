import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { expect, it } from 'vitest';
import { servedFlights } from '../support/served-flights.js';
import { webSocketClient } from '../support/stream-clients.js';
import { until } from '../support/until.js';

const root = join(import.meta.dirname, '../..');
const { url } = await servedFlights();

const ask = async (query: string) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { data?: unknown; errors?: unknown };
};

const folder = join(root, 'examples/flights/queries');

/** The first event of a subscription, about the newest job there is. */
const follow = async (query: string) => {
  const { data } = (await ask('{ jobs(first: 1) { nodes { id } } }')) as {
    data: { jobs: { nodes: { id: string }[] } };
  };
  const client = webSocketClient(url);
  const { results } = await client.follow({ query, variables: { id: data.jobs.nodes[0]?.id } }, (_result, end) =>
    end(),
  );
  client.close();
  return results[0] as { data?: unknown; errors?: unknown };
};

it.each(readdirSync(folder))('example %s is answered', async (file) => {
  const query = readFileSync(join(folder, file), 'utf8');
  const isSubscription = getOperationAST(parse(query))?.operation === OperationTypeNode.SUBSCRIPTION;
  const { data, errors } = await (isSubscription ? follow(query) : ask(query));
  expect(errors).toBeUndefined();
  expect(JSON.stringify(data)).not.toMatch(/^{}$/);
});

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
