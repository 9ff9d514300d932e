import { openVertexViewOnlineStore } from '../../datasources/online/vertex-view/vertex-view-online-store.js';
import { addView } from '../support/google/vertex-entity-types.js';
import { PLACE, startVertexWorld, VERTEX_NOW } from '../support/google/vertex-world.js';
import { describeOnlineStore } from './online-store.contract.js';

/** Each is in docs/google-cloud-vertex.md, with what happens instead (test/integration/datasources/online/vertex-view.test.ts). */
const DIFFERENCES = {
  'gives back every value of every type as it was': 'a list in a STRUCT has elements of one type',
  'says nothing of the features that a part of a row was not asked for': 'a view that has the entity says NULL',
  'keeps the newest non-null value of each feature, unless the entity type is dense':
    'a write of nulls leaves no trace, so a NULL has no time',
  'keeps the newest whole row of a dense entity type, nulls included': 'a direct write takes no nulls',
  'forgets entities that are deleted, until they are written again': 'a view cannot forget',
  'measures each write of a batch by its own version against what is there': 'values are ordered by their time alone',
  'lets the newest of writes at one moment win, whatever order they arrive in and however many write':
    'values are ordered by their time alone',
};

for (const usePreview of [true, false]) {
  describeOnlineStore(
    `Vertex AI feature view, ${usePreview ? 'streaming fetch' : 'one entity a request'}`,
    async () => {
      const world = await startVertexWorld();
      const store = openVertexViewOnlineStore(
        { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving', views: {}, usePreview },
        () => VERTEX_NOW,
        world.server.clientOptions,
      );
      return {
        store,
        prepare: (entityType) => void addView(world, entityType),
        dispose: async () => {
          await store.close();
          world.server.stop();
        },
      };
    },
    DIFFERENCES,
  );
}
