import { openVertexLegacyOnlineStore } from '../../datasources/online/vertex-legacy/vertex-legacy-online-store.js';
import { addLegacyEntityTypeOf } from '../support/google/vertex-entity-types.js';
import { PLACE, startVertexWorld, VERTEX_NOW } from '../support/google/vertex-world.js';
import { describeOnlineStore } from './online-store.contract.js';

describeOnlineStore(
  'Vertex AI Feature Store (Legacy)',
  async () => {
    const world = await startVertexWorld();
    const store = openVertexLegacyOnlineStore(
      { kind: 'VERTEX_LEGACY', ...PLACE, featurestore: 'old_shop' },
      () => VERTEX_NOW,
      world.server.clientOptions,
    );
    return {
      store,
      prepare: (entityType) => void addLegacyEntityTypeOf(world, entityType),
      dispose: async () => {
        await store.close();
        world.server.stop();
      },
    };
  },
  // Each is in docs/google-cloud-vertex.md, with what happens instead (test/integration/vertex-legacy.test.ts).
  {
    'gives back every value of every type as it was': 'a list in a STRUCT has elements of one type',
    'keeps the newest non-null value of each feature, unless the entity type is dense':
      'the service does not tell a feature without values from an entity that is not there',
    'keeps the newest whole row of a dense entity type, nulls included': 'a write takes no nulls',
    'forgets an entity type that is cleared': 'the history would be deleted too',
  },
);
