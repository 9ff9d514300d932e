import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRegistry } from '../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const APP = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry(), { http: { corsOrigins: [APP] } });
});
afterAll(() => gateway.close());

/** With exactly these headers: fetch would add its own. */
async function get(headers: Readonly<Record<string, string>>, query = '{ __typename }'): Promise<number> {
  const url = new URL(gateway.url);
  url.searchParams.set('query', query);
  const [response] = (await once(request(url, { headers }).end(), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode!;
}

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const GRAPHQL = 'application/graphql-response+json, application/json';
const browser = { accept: GRAPHQL, 'user-agent': CHROME };

describe('a query by GET that needed no preflight', () => {
  it.each([
    ['a program', { accept: GRAPHQL, 'user-agent': 'node' }],
    ['a program without a name', { accept: GRAPHQL }],
    ['a page of this site', { ...browser, 'sec-fetch-site': 'same-origin' }],
    ['an address that was typed in', { ...browser, 'sec-fetch-site': 'none' }],
    ['a page of a configured origin', { ...browser, origin: APP, 'sec-fetch-site': 'cross-site' }],
    ['a page of a configured origin over HTTP', { ...browser, origin: APP }],
    ['any page with a header that asks for a preflight', { ...browser, 'apollo-require-preflight': 'yes' }],
  ])('is answered to %s', async (_who, headers: Record<string, string>) => {
    expect(await get(headers)).toBe(200);
  });

  it.each([
    ['a page of another site', { ...browser, 'sec-fetch-site': 'cross-site' }],
    ['a page of another host of this site', { ...browser, 'sec-fetch-site': 'same-site' }],
    ['a page of another origin', { ...browser, origin: 'https://evil.example.com' }],
    ['a page without an origin', { ...browser, origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a browser that does not say where the page is from', browser],
    ['an image', { accept: 'image/avif,image/webp,*/*;q=0.8', 'user-agent': CHROME, 'sec-fetch-site': 'cross-site' }],
    ['a script', { accept: '*/*', 'user-agent': CHROME }],
    ['a link', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'user-agent': CHROME }],
    ['a program that names no type', { accept: '*/*', 'user-agent': 'curl/8.5.0' }],
  ])('is refused to %s', async (_who, headers: Record<string, string>) => {
    expect(await get(headers)).toBe(400);
  });

  it('never changes anything', async () => {
    const mutation = 'mutation { cancelJob(input: { id: "jobs/none" }) { job { id } } }';
    expect(await get({ accept: GRAPHQL, 'user-agent': 'node' }, mutation)).toBe(405);
  });
});
