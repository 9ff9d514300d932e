import { openVertexLegacyOnlineStore } from '../../datasources/online/vertex-legacy/vertex-legacy-online-store.js';
import { addLegacyEntityType } from '../support/google/vertex-entity-types.js';
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
      prepare: (entityType) => void addLegacyEntityType(world, entityType),
      dispose: async () => {
        await store.close();
        world.server.stop();
      },
    };
  },
  // Each is in docs/google-cloud-vertex.md, with what happens instead (test/integration/datasources/online/vertex-legacy.test.ts).
  {
    'gives back every value of every type as it was': 'a list in a STRUCT has elements of one type',
    'keeps the newest non-null value of each feature, unless the entity type is dense':
      'the service does not tell a feature without values from an entity that is not there',
    'reads as many entities at once as it takes, of more features than one filter names':
      'it does, but the service does not tell a feature without values from an entity that is not there',
    'keeps the newest whole row of a dense entity type, nulls included': 'a write takes no nulls',
    'forgets entities that are deleted, until they are written again': 'the history would be deleted too',
    'measures each write of a batch by its own version against what is there': 'values are ordered by their time alone',
    'lets the newest of writes at one moment win, whatever order they arrive in and however many write':
      'values are ordered by their time alone',
    'keeps what is a microsecond apart apart, also before 1970 and in the year 9999':
      'a time is at most 1825 days ago and 366 days ahead',
  },
);
