import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import type { ServedLog } from '../serving/served-log/served-log.js';

/** The writes, whose deletions also erase the entities from the log of served values. */
export function erasingServedReads(writes: FeatureWrites, log: Pick<ServedLog, 'erase'>): FeatureWrites {
  return {
    ...writes,
    deletion: {
      deleteEntities: async (entityType, entityIds) => {
        const outcome = await writes.deletion.deleteEntities(entityType, entityIds);
        // After the stores: a read in between would be logged again.
        return { ...outcome, servedRows: await log.erase(entityType, entityIds) };
      },
    },
  };
}
