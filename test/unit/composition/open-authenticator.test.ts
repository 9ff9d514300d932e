import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openAuthenticator } from '../../../composition/open-authenticator.js';
import { parseConfig } from '../../../config/load-config.js';
import { systemClock } from '../../../values/clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function logOf(environment: Record<string, string>): Promise<{ level: number; msg: string; name?: string }[]> {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const door = await openAuthenticator(parseConfig(environment), pino(sink), systemClock);
  door.close();
  return lines.map((line) => JSON.parse(line) as { level: number; msg: string; name?: string });
}

it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])(
  'opens on %s to every client, and logs a warning',
  async (HOST) => {
    expect(await logOf({ HOST })).toMatchObject([{ level: 40, msg: expect.stringContaining('NO AUTHENTICATION') }]);
  },
);

it.each([
  '0.0.0.0',
  '::',
  '10.1.2.3',
  'features.example.com',
  '::ffff:127.0.0.1',
  '127.0.0.1.example.com',
  '1270.0.0.1',
])('does not open on %s without authentication, and says what to do', async (HOST) => {
  await expect(logOf({ HOST })).rejects.toThrow(
    /without authentication[^]*FEATUREGRAPH_AUTHENTICATION[^]*HOST=127\.0\.0\.1[^]*FEATUREGRAPH_ALLOW_UNAUTHENTICATED/,
  );
  expect(await logOf({ HOST, FEATUREGRAPH_ALLOW_UNAUTHENTICATED: 'true' })).toMatchObject([
    { level: 50, msg: expect.stringContaining('NO AUTHENTICATION, ON A NETWORK') },
  ]);
});

it('opens everywhere with an authentication file, and names its methods', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'authentication.yaml');
  await writeFile(path, 'apiKeys:\nclientCertificates: { subjectHeader: x-dn, proxies: [10.0.0.0/8] }\n');
  const log = await logOf({ HOST: '0.0.0.0', FEATUREGRAPH_AUTHENTICATION: path, FEATUREGRAPH_DATA_DIR: folder });
  expect(log.map(({ level }) => level)).toEqual([30, 30]);
});

it('names the line and the key of each fault of the file', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'authentication.yaml');
  await writeFile(
    path,
    'identityProviders:\n  - issuer: https://a.example.com\n    audiences: []\n    algorithms: [HS256]\n',
  );
  await expect(logOf({ FEATUREGRAPH_AUTHENTICATION: path })).rejects.toThrow(
    /line 3, column 16: identityProviders\[0\].audiences: [^]*line 4, column 18: identityProviders\[0\].algorithms\[0\]: /,
  );
  await writeFile(path, 'apiKeys: {\n');
  await expect(logOf({ FEATUREGRAPH_AUTHENTICATION: path })).rejects.toThrow(/line \d+, column \d+: /);
});

it('warns about a budget for a name that no principal can have', async () => {
  const warned = async (environment: Record<string, string>): Promise<(string | undefined)[]> =>
    (await logOf(environment)).filter(({ msg }) => msg.startsWith('this budget')).map(({ name }) => name);
  const budgets = 'anonymous=1,*=2,schedule=3,alice=4,user:bob=5,key:ci=6,certificate:CN=7';
  expect(await warned({ FEATUREGRAPH_DAILY_BUDGETS_USD: budgets })).toEqual([
    'alice',
    'user:bob',
    'key:ci',
    'certificate:CN',
  ]);
  const folder = temporaryFolder();
  const path = join(folder, 'authentication.yaml');
  await writeFile(path, 'apiKeys: {}\ngoogleIdentityTokens: { audiences: [x] }\n');
  expect(
    await warned({
      FEATUREGRAPH_DAILY_BUDGETS_USD: budgets,
      FEATUREGRAPH_AUTHENTICATION: path,
      FEATUREGRAPH_DATA_DIR: folder,
    }),
  ).toEqual(['anonymous', 'alice', 'key:ci', 'certificate:CN']);
});
