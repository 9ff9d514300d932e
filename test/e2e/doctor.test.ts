import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { doctor } from '../../cli/commands/doctor.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { row, writeMovingRegistry, writeOrders } from '../support/moving-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { systemClock } from '../../values/clock.js';

const EARLY = new Date('2026-01-01T00:00:00Z');
const POLICY = `
rules:
  - { name: admins, who: { groups: [admin] }, allow: [READ] }
  - { name: clerks, who: { groups: [clerk] }, allow: [READ], entityTypes: [item] }
`;

/** A gateway that answers only principals with a key, and has one source that is behind. */
async function start() {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1)]);
  writeFileSync(join(folder, 'authentication.yaml'), 'apiKeys: { file: api-keys.json }\n');
  writeFileSync(join(folder, 'policy.yaml'), POLICY);
  const keyOf = async (name: string, groups: string[]): Promise<string> => {
    const request = { name, groups, claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
    return (await createKey(join(folder, 'api-keys.json'), request)).key;
  };
  const keys = { admin: await keyOf('admin', ['admin']), clerk: await keyOf('clerk', ['clerk']) };
  // A process of its own: DuckDB locks the file only against other processes.
  const gateway = await startGatewayProcess({
    FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
    FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
    FEATUREGRAPH_AUTHENTICATION: join(folder, 'authentication.yaml'),
    FEATUREGRAPH_POLICY: join(folder, 'policy.yaml'),
  });
  onTestFinished(() => gateway.kill());
  writeOrders(folder, [row('a', EARLY, 2)]);
  return { folder, gateway, keys };
}

/** What `featuregraph doctor` prints of the sources. */
async function runDoctor(folder: string, url: string, token?: string): Promise<string> {
  vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
  vi.stubEnv('FEATUREGRAPH_DATA_DIR', join(folder, 'data'));
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  try {
    await doctor({}, url, token);
  } finally {
    written.mockRestore();
    vi.unstubAllEnvs();
  }
  return /^sources\n((?: .*\n)*)/m.exec(lines.join(''))![1]!;
}

it('names a source that is behind, of a gateway that requires authentication, by a token', async () => {
  const { folder, gateway, keys } = await start();
  expect(await runDoctor(folder, gateway.url, keys.admin)).toBe(
    `  warning  shop.customer: values is behind: its SQL, its columns or a file changed after its values were computed
           -> featuregraph refresh shop customer values --url ${gateway.url}
  ok       up to date: 1 of 2 sources with SQL
`,
  );
});

it('says that the gateway refused the question, where it has no token', async () => {
  const { folder, gateway } = await start();
  const text = await runDoctor(folder, gateway.url);
  expect(text).toContain('whether sources are behind is not known');
  expect(text).toMatch(/-> The gateway refused this: .* FEATUREGRAPH_TOKEN or --token/);
  expect(text).not.toContain('No gateway answers');
});

it('does not call a source up to date that the principal may not read', async () => {
  const { folder, gateway, keys } = await start();
  const text = await runDoctor(folder, gateway.url, keys.clerk);
  expect(text).toContain('whether shop.customer: values is behind is not known: the gateway does not show the source');
  expect(text).toContain('up to date: 1 of 2 sources with SQL');
});

it('says where no gateway answers', async () => {
  const { folder, keys } = await start();
  const text = await runDoctor(folder, 'http://127.0.0.1:1/graphql', keys.admin);
  expect(text).toContain('-> No gateway answers at http://127.0.0.1:1/graphql.');
});
