import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { WRITE_VALUES, writtenShop } from '../support/written-shop.js';

const REGISTRY = writtenShop('notes', '{ name: note, valueType: STRING }');
const OF = 'featurestore: "shop", entityType: "customer", entityId: "a"';
const READ = `{
  now: entity(${OF}) { features { value } }
  entity(${OF}) { history(feature: "note", first: 100) { nodes { value } } }
}`;

/** The commands of the documentation, under a heading. */
function commandsUnder(heading: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, commands = ''] = /```sh\n(.*?)```/s.exec(text.slice(text.indexOf(`\n${heading}\n`))) ?? [];
  expect(commands).toContain('tar ');
  return commands;
}

async function start(folder: string, data: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({
    FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
    FEATUREGRAPH_DATA_DIR: data,
  });
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  return gateway;
}

async function send({ url }: GatewayProcess, query: string, variables: object = {}): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: any; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

async function write(gateway: GatewayProcess, notes: readonly number[]): Promise<void> {
  const rows = notes.map((note) => ({
    entityType: 'customer',
    entityId: 'a',
    timestamp: new Date(1_000_000_000_000 + note * 1000).toISOString(),
    values: [{ feature: 'note', value: String(note) }],
  }));
  const { writeFeatureValues } = await send(gateway, WRITE_VALUES, { input: { featurestore: 'shop', rows } });
  expect(writeFeatureValues.userErrors).toEqual([]);
}

async function notesOf(gateway: GatewayProcess): Promise<{ now: string; history: string[] }> {
  const { now, entity } = await send(gateway, READ);
  return { now: now.features[0].value, history: entity.history.nodes.map(({ value }: any) => value) };
}

it('a backup made and restored by the commands of the documentation has what was acknowledged before it', async () => {
  const folder = temporaryFolder();
  const [data, backup] = [join(folder, 'data'), join(folder, 'backup.tar.gz')];
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  const shell = (commands: string): void =>
    void execFileSync('bash', ['-euc', commands], {
      env: { PATH: process.env.PATH, FEATUREGRAPH_DATA_DIR: data, BACKUP: backup },
    });

  const first = await start(folder, data);
  await write(first, [1, 2, 3]);
  expect(await first.stop()).toBe(0);
  shell(commandsUnder('## Backup'));

  const second = await start(folder, data);
  await write(second, [4]);
  expect((await notesOf(second)).now).toBe('4');
  await second.kill();
  rmSync(data, { recursive: true });
  shell(commandsUnder('### Restore'));

  const third = await start(folder, data);
  expect(await notesOf(third)).toEqual({ now: '3', history: ['3', '2', '1'] });
  await write(third, [3, 4]);
  expect(await notesOf(third)).toEqual({ now: '4', history: ['4', '3', '2', '1'] });
  expect(await third.stop()).toBe(0);
});

it('a copy of the moment at which the machine stopped has all acknowledged rows, as a snapshot of the disk has', async () => {
  const folder = temporaryFolder();
  const [data, copy] = [join(folder, 'data'), join(folder, 'copy')];
  mkdirSync(data);
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  const first = await start(folder, data);
  await write(first, [1, 2]);
  // A process that is stopped changes nothing, as the disk in a snapshot.
  first.child.kill('SIGSTOP');
  cpSync(data, copy, { recursive: true });
  first.child.kill('SIGCONT');
  await first.kill();
  const second = await start(folder, copy);
  expect(await notesOf(second)).toEqual({ now: '2', history: ['2', '1'] });
  expect(await second.stop()).toBe(0);
});
