import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import type { WriteMetrics } from '../observability/write-metrics.js';

/** The writes for transports, with every write and deletion measured. */
export function measuredWrites(
  writes: FeatureWrites,
  metrics: WriteMetrics,
): Pick<FeatureWrites, 'writer' | 'deletion'> {
  return {
    writer: {
      write: async (request) => {
        const { name, featurestore } = request.entityType;
        try {
          const outcome = await writes.writer.write(request);
          metrics.rows(featurestore.name, name, 'written', outcome.written);
          metrics.rows(featurestore.name, name, 'duplicate', outcome.duplicates);
          metrics.rows(featurestore.name, name, 'refused', outcome.faults.length);
          return outcome;
        } catch (error) {
          metrics.failure(featurestore.name, name);
          throw error;
        }
      },
    },
    deletion: {
      deleteEntities: async (entityType, entityIds) => {
        const { name, featurestore } = entityType;
        try {
          const outcome = await writes.deletion.deleteEntities(entityType, entityIds);
          metrics.deletedEntities(featurestore.name, name, entityIds.length);
          return outcome;
        } catch (error) {
          metrics.failedDeletion(featurestore.name, name);
          throw error;
        }
      },
    },
  };
}
