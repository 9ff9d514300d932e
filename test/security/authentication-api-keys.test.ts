import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey, revokeKeys, type KeyRequest } from '../../auth/api-keys/manage-keys.js';
import { systemClock } from '../../values/clock.js';
import { bearer, startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const WHO = '{ viewer { name kind groups expiresAt } }';
const HOUR = 3_600_000_000n;

let guarded: GuardedGateway;
const logged: unknown[] = [];
beforeAll(async () => {
  guarded = await startGuardedGateway(
    { apiKeys: {} },
    { authentication: { onError: (error) => logged.push(error) }, rates: { maxRowsPerSecond: 1_000_000 } },
  );
});
afterAll(() => guarded.close());

const request = (name: string, more: Partial<KeyRequest> = {}): KeyRequest => ({
  name,
  groups: [],
  claims: {},
  expiresAt: null,
  isRotation: false,
  now: systemClock(),
  ...more,
});
const create = (name: string, more: Partial<KeyRequest> = {}) => createKey(guarded.keyFile, request(name, more));
const status = async (key: string): Promise<number> => (await guarded.ask(WHO, bearer(key))).status;

describe('an API key', () => {
  it('works in a running gateway after it was made, and not after it was revoked', async () => {
    const { key, id } = await create('nightly-scores', {
      groups: ['scoring', 'batch'],
      expiresAt: systemClock() + HOUR,
    });
    await until(async () => (await status(key)) === 200);
    expect((await guarded.ask(WHO, bearer(key))).data.viewer).toMatchObject({
      name: 'key:nightly-scores',
      kind: 'API_KEY',
      groups: ['batch', 'scoring'],
      expiresAt: expect.any(String),
    });
    expect(await revokeKeys(guarded.keyFile, id, systemClock())).toEqual([id]);
    await until(async () => (await status(key)) === 401);
    expect(await guarded.ask(WHO, bearer(key))).toMatchObject({
      errors: [{ message: 'The API key was revoked.', extensions: { reason: 'INVALID' } }],
    });
    expect(await revokeKeys(guarded.keyFile, id, systemClock())).toEqual([]);
  });

  it('is not in the file, which only its owner reads', async () => {
    const { key } = await create('hidden');
    const text = await readFile(guarded.keyFile, 'utf8');
    expect(text).not.toContain(key);
    expect(text).not.toContain(key.split('_').at(-1));
    expect((await stat(guarded.keyFile)).mode & 0o777).toBe(0o600);
  });

  it('is refused when a character of it is wrong', async () => {
    const { key, id } = await create('exact');
    await until(async () => (await status(key)) === 200);
    const last = key.at(-1) === 'A' ? 'E' : 'A';
    const wrong = [
      key.slice(0, -1) + last,
      key.slice(0, -1),
      `${key}A`,
      key.replace(id, '0'.repeat(12)),
      key.toUpperCase(),
      `fgk_${id}_`,
    ];
    for (const text of wrong) {
      expect(await guarded.ask(WHO, bearer(text))).toMatchObject({
        status: 401,
        errors: [{ extensions: { reason: 'INVALID' } }],
      });
    }
    expect(await status(key)).toBe(200);
  });

  it('ends at its expiry', async () => {
    const { key } = await create('short', { expiresAt: systemClock() + 400_000n });
    await until(async () => (await status(key)) === 200);
    await until(async () => (await status(key)) === 401);
    expect((await guarded.ask(WHO, bearer(key))).errors![0]!.extensions.reason).toBe('EXPIRED');
  });

  it('is rotated: two keys are one principal with the same rights, until the old one is revoked', async () => {
    const first = await create('rotated', { groups: ['a'] });
    await expect(create('rotated')).rejects.toThrow(/There is a valid key "rotated"/);
    await expect(create('rotated', { isRotation: true, groups: ['b'] })).rejects.toThrow(/--rotate copies the groups/);
    const second = await create('rotated', { isRotation: true });
    await until(async () => (await status(second.key)) === 200);
    for (const { key } of [first, second]) {
      expect((await guarded.ask(WHO, bearer(key))).data.viewer).toMatchObject({ name: 'key:rotated', groups: ['a'] });
    }
    await revokeKeys(guarded.keyFile, first.id, systemClock());
    await until(async () => (await status(first.key)) === 401);
    expect(await status(second.key)).toBe(200);
  });

  it('loses no other key when many are made and revoked at once', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `busy-${index}`);
    const made = await Promise.all(names.map((name) => create(name)));
    await Promise.all(made.slice(0, 4).map(({ id }) => revokeKeys(guarded.keyFile, id, systemClock())));
    const statuses = (): Promise<number[]> => Promise.all(made.map(({ key }) => status(key)));
    await until(async () => String(await statuses()) === '401,401,401,401,200,200,200,200');
    expect(await readFile(guarded.keyFile, 'utf8').then((text) => names.filter((name) => text.includes(name)))).toEqual(
      names,
    );
  });

  it('keeps its rights while the file is damaged, and the operator is told', async () => {
    const { key } = await create('steady');
    await until(async () => (await status(key)) === 200);
    const text = await readFile(guarded.keyFile, 'utf8');
    await writeFile(guarded.keyFile, '{ "version": 1, "keys": [');
    await until(() => logged.length > 0);
    expect(await status(key)).toBe(200);
    await expect(create('never')).rejects.toThrow(/is not a file of API keys, or it is damaged/);
    await writeFile(guarded.keyFile, text);
    await revokeKeys(guarded.keyFile, 'steady', systemClock());
    await until(async () => (await status(key)) === 401);
  });

  it.each(['', '-x', 'a b', 'a,b', 'a=b', 'ключ', 'a'.repeat(101)])('has no name such as "%s"', async (name) => {
    await expect(create(name)).rejects.toThrow(/is not a valid name of a key/);
  });

  it('stops a start when the file is not one of keys', async () => {
    const folder = temporaryFolder();
    await writeFile(`${folder}/api-keys.json`, '{"version": 2, "keys": []}');
    await expect(startGuardedGateway({ apiKeys: {} }, { authentication: { dataDirectory: folder } })).rejects.toThrow(
      /is not a file of API keys/,
    );
  });
});

describe('POST /ingest', () => {
  const line = '{"entityId":"a","timestamp":"2001-09-09T01:46:40Z","values":{"orders_7d":1}}';

  it('takes rows with a key, and none without', async () => {
    const { key } = await create('ingest');
    await until(async () => (await status(key)) === 200);
    const refused = await guarded.ingest(line, {});
    expect(refused.status).toBe(401);
    expect(((await refused.json()) as any).errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(guarded.writer.durable.size).toBe(0);
    const taken = await guarded.ingest(line, bearer(key));
    expect(taken.status).toBe(200);
    expect(await taken.text()).toContain('"written":1');
  });

  it('says in the last line that the key was revoked, and keeps what it acknowledged', async () => {
    const { key } = await create('ingest-revoked');
    await until(async () => (await status(key)) === 200);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`${line.replace('"a"', '"b"')}\n`)),
    });
    const response = await fetch(guarded.gateway.url.replace('/graphql', '/ingest/shop/customer'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...bearer(key) },
      body,
      duplex: 'half',
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? '';
    expect(text).toContain('WRITTEN');
    await revokeKeys(guarded.keyFile, 'ingest-revoked', systemClock());
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(JSON.parse(text.trim().split('\n').at(-1)!)).toMatchObject({
      error: { message: 'The credentials were revoked.', extensions: { code: 'UNAUTHENTICATED' } },
    });
  });
});
