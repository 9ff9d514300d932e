import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureViewSyncs } from '../../datasources/registry/vertex/feature-view-syncs.js';
import { VertexClients } from '../../datasources/vertex/vertex-clients.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../support/google/vertex-world.js';

let world: VertexWorld;
let clients: VertexClients;

beforeAll(async () => {
  world = await startVertexWorld();
  clients = new VertexClients(PLACE.location, world.server.clientOptions);
});
afterAll(async () => {
  await clients.close();
  world.server.stop();
});

describe('syncs of a feature view', () => {
  let made = 0;
  const start = (resource: object = {}) => {
    const id = `synced_${(made += 1)}`;
    const view = world.views.addView('serving', id, { features: { a: 'STRING' }, resource: { ...resource } });
    return { id, view, syncs: new FeatureViewSyncs(clients, PLACE, 'serving') };
  };

  it('start, and are found under an id of their own', async () => {
    const { id, syncs } = start();
    const sync = await syncs.start(id);
    expect(sync).toMatchObject({ id: '2', state: 'RUNNING', createTime: NOW, endTime: null, rowsSynced: null });
    expect(await syncs.get(id, '2')).toEqual(sync);
  });

  it('are listed newest first, with what they brought and cost, and why they failed', async () => {
    const { id, view, syncs } = start();
    world.views.addSync(view, { start: NOW - 20n, end: NOW - 10n, rows: 42 });
    world.views.addSync(view, { start: NOW - 9n, end: NOW - 8n, rows: 0, code: 7 });
    expect(
      (await syncs.list(id, 2)).map(({ state, rowsSynced, slotMillis, error }) => [
        state,
        rowsSynced,
        slotMillis,
        error,
      ]),
    ).toEqual([
      ['FAILED', 0n, 1234n, 'the sync failed'],
      ['SUCCEEDED', 42n, 1234n, null],
    ]);
  });

  it('are started once when the answer is lost', async () => {
    const { id, view, syncs } = start();
    world.server.faults.add('SyncFeatureView', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    expect(await syncs.start(id)).toMatchObject({ id: '2', state: 'RUNNING' });
    expect(view.syncs).toHaveLength(2);
  });

  it('are started again when they were not', async () => {
    const { id, view, syncs } = start();
    world.server.faults.add('SyncFeatureView', { kind: 'refuse', code: 'UNAVAILABLE' });
    expect(await syncs.start(id)).toMatchObject({ id: '2' });
    expect(view.syncs).toHaveLength(2);
  });

  it('cannot be started by hand where they are continuous', async () => {
    const { id, syncs } = start({ syncConfig: { continuous: true } });
    await expect(syncs.start(id)).rejects.toMatchObject({ code: 9 });
  });
});
