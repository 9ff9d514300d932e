import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keysCommand } from '../../../cli/commands/keys.js';
import { gatewayAt } from '../../../cli/gateway-client.js';
import type { Instant } from '../../../values/instant.js';
import { startGuardedGateway, type GuardedGateway } from '../../support/guarded-gateway.js';
import { until } from '../../support/until.js';

const NOW: Instant = 1_000_000_000_000_000n;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-keys-'));
  await writeFile(join(folder, 'authentication.yaml'), 'apiKeys: { file: keys.json }\n');
  vi.stubEnv('FEATUREGRAPH_AUTHENTICATION', join(folder, 'authentication.yaml'));
  vi.stubEnv('FEATUREGRAPH_DATA_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function keys(...options: string[]): Promise<{ out: string; note: string }> {
  const said = { out: '', note: '' };
  const command = keysCommand({
    write: (text) => (said.out += text),
    note: (text) => (said.note += text),
    clock: () => NOW,
  });
  for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync(options, { from: 'user' });
  return said;
}

it('prints a key alone on standard output, lists it without the secret, and revokes it', async () => {
  const { out, note } = await keys('create', 'ci', '--group', 'b', 'a', '--claim', 'tenant=acme', 'env=a=b');
  expect(out).toMatch(/^fgk_[0-9a-f]{12}_[\w-]{43}\n$/);
  expect(note).toContain('key:ci. It expires at 2001-12-08T01:46:40Z.');
  const [, id, secret] = /^fgk_(\w{12})_(.*)\n$/.exec(out)!;
  const listed = JSON.parse((await keys('list', '--json')).out) as unknown[];
  expect(listed).toEqual([
    {
      id,
      name: 'ci',
      state: 'valid',
      groups: ['a', 'b'],
      claims: { tenant: 'acme', env: 'a=b' },
      createdAt: '2001-09-09T01:46:40Z',
      expiresAt: '2001-12-08T01:46:40Z',
    },
  ]);
  const table = (await keys('list')).out;
  expect(table).toContain('tenant=acme');
  expect(table).not.toContain(secret);
  expect((await keys('revoke', 'ci')).out).toBe(`${id}\n`);
  expect((await keys('list')).out).toContain('revoked');
  expect((await keys('revoke', 'ci')).note).toContain('revoked before');
});

it.each([
  ['12h', '2001-09-09T13:46:40Z'],
  ['30m', '2001-09-09T02:16:40Z'],
  ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
  ['never', null],
])('takes --expires %s', async (expires, at) => {
  await keys('create', 'ci', '--expires', expires);
  expect(JSON.parse((await keys('list', '--json')).out)).toMatchObject([{ expiresAt: at }]);
});

it.each([
  [['create', 'ci', '--expires', '90'], /Write it as 90d/],
  [['create', 'ci', '--expires', '2000-01-01T00:00:00Z'], /expired already/],
  [['create', 'ci', '--claim', 'tenant'], /name=value/],
  [['create', 'c i'], /is not a valid name of a key/],
  [['create', 'ci', '--rotate'], /no valid key "ci" to rotate/],
  [['revoke', 'nobody'], /There is no key "nobody"/],
])('refuses %j', async (options, message) => {
  await expect(keys(...options)).rejects.toThrow(message);
});

it('says that no gateway of this configuration would take the key', async () => {
  vi.stubEnv('FEATUREGRAPH_AUTHENTICATION', '');
  expect((await keys('create', 'ci')).note).toContain('does not accept API keys');
});

it('makes a key with which a command reaches a gateway, by option or environment', async () => {
  const guarded: GuardedGateway = await startGuardedGateway(
    { apiKeys: { file: join(folder, 'keys.json') } },
    { authentication: { clock: () => NOW } },
  );
  try {
    const key = (await keys('create', 'ci')).out.trim();
    const { url } = guarded.gateway;
    const name = async (token?: string): Promise<unknown> => {
      const client = gatewayAt({ url, ...(token === undefined ? {} : { token }) });
      return (await client.ask<{ viewer: { name: string } }>('{ viewer { name } }', {})).viewer.name;
    };
    await until(() =>
      name(key).then(
        () => true,
        () => false,
      ),
    );
    expect(await name(key)).toBe('key:ci');
    await expect(name()).rejects.toThrow(/has no credentials/);
    vi.stubEnv('FEATUREGRAPH_TOKEN', key);
    expect(await name()).toBe('key:ci');
    await expect(name('wrong')).rejects.toThrow(/does not accept tokens/);
  } finally {
    await guarded.close();
  }
});
