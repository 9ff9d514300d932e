import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createKey } from '../../../auth/api-keys/manage-keys.js';
import { diagnoseAuthentication } from '../../../composition/diagnose-authentication.js';
import { systemClock } from '../../../values/clock.js';
import { collect } from '../../support/collect.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

const diagnose = (folder: string, more: { host?: string; file?: string | null; budgets?: [string, number][] } = {}) => {
  const { host = '127.0.0.1', file = 'authentication.yaml', budgets = [] } = more;
  const config = {
    host,
    authenticationPath: file && join(folder, file),
    allowsUnauthenticated: false,
    dataDirectory: folder,
    isCloudRun: false,
    dailyBudgetsUsd: new Map(budgets),
  };
  return collect(diagnoseAuthentication(config, systemClock).findings);
};

it.each([
  ['an unknown key', 'apiKeyz: {}\n', {}, /apiKeyz/],
  ['a wrong network of a proxy', 'apiKeys: {}\ntrustedProxies: [10.0.0.0/40]\n', {}, /trustedProxies[^]*network/],
  [
    'an issuer without TLS',
    'identityProviders: [{ issuer: "http://login.example.com", audiences: [a] }]\n',
    {},
    /https:\/\//,
  ],
  ['Cloud Run elsewhere', 'cloudRun: { header: x-serverless-authorization }\n', {}, /not a container of Cloud Run/],
  ['a damaged file of keys', 'apiKeys: { file: keys.json }\n', { 'keys.json': '{"version":1,"keys":[' }, /keys\.json/],
])('the doctor finds %s, as the start does', async (_what, text, others, expected) => {
  const findings = await diagnose(folderWith({ 'authentication.yaml': text, ...others }));
  expect(findings).toEqual([{ status: 'fault', message: expect.stringMatching(expected) }]);
});

it('the doctor finds a file that is not there', async () => {
  expect(await diagnose(folderWith({}))).toMatchObject([{ status: 'fault', message: /cannot be read/ }]);
});

it('the doctor names the methods of a right file, and a budget that applies to no principal', async () => {
  const folder = folderWith({ 'authentication.yaml': 'apiKeys: {}\n' });
  const request = { name: 'ann', groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
  await createKey(join(folder, 'api-keys.json'), request);
  expect(
    await diagnose(folder, {
      budgets: [
        ['key:ann', 1],
        ['kye:ann', 1],
      ],
    }),
  ).toMatchObject([
    { status: 'ok', message: expect.stringMatching(/key/i) },
    { status: 'warning', message: expect.stringContaining('"kye:ann"') },
  ]);
});

it('the doctor warns of the mode open, which a start refuses on a network', async () => {
  expect(await diagnose(folderWith({}), { file: null })).toMatchObject([{ status: 'warning' }]);
  expect(await diagnose(folderWith({}), { file: null, host: '0.0.0.0' })).toMatchObject([
    { status: 'fault', message: expect.stringContaining('without authentication') },
  ]);
});
