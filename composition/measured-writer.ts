import type { FeatureWriter } from '../ingestion/feature-writer.js';
import type { EntityDeletion } from '../ingestion/writes/entity-deletion.js';
import type { WriteMetrics } from '../observability/write-metrics.js';

/** The writer for transports, with every write measured. */
export function measuredWriter(writer: FeatureWriter, metrics: WriteMetrics): FeatureWriter {
  return {
    write: async (request) => {
      const { name, featurestore } = request.entityType;
      try {
        const outcome = await writer.write(request);
        metrics.rows(featurestore.name, name, 'written', outcome.written);
        metrics.rows(featurestore.name, name, 'duplicate', outcome.duplicates);
        metrics.rows(featurestore.name, name, 'refused', outcome.faults.length);
        return outcome;
      } catch (error) {
        metrics.failure(featurestore.name, name);
        throw error;
      }
    },
  };
}

/** The deletion for transports, measured beside the writes. */
export function measuredDeletion(deletion: EntityDeletion, metrics: WriteMetrics): EntityDeletion {
  return {
    deleteEntities: async (entityType, entityIds) => {
      const { name, featurestore } = entityType;
      try {
        const outcome = await deletion.deleteEntities(entityType, entityIds);
        metrics.deletedEntities(featurestore.name, name, entityIds.length);
        return outcome;
      } catch (error) {
        metrics.failedDeletion(featurestore.name, name);
        throw error;
      }
    },
  };
}
