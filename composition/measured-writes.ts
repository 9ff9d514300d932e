import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import type { ViolationAction } from '../datasources/registry/expectation.js';
import type { WriteOutcome } from '../ingestion/feature-writer.js';
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
          metrics.rows(featurestore.name, name, 'quarantined', outcome.quarantined.length);
          for (const [feature, action] of listViolated(outcome)) {
            metrics.violation(featurestore.name, name, feature, action);
          }
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

/** The features with violations, and what was done: once for each violation that the answer lists. */
function listViolated({ faults, quarantined, warned }: WriteOutcome): (readonly [string, ViolationAction])[] {
  const rejected = faults.flatMap(({ code, part }): (readonly [string, ViolationAction])[] =>
    code === 'EXPECTATION_VIOLATED' && part?.kind === 'VALUE' ? [[part.feature, 'REJECT']] : [],
  );
  const listed = [...quarantined, ...warned].flatMap(({ violations }) =>
    violations.map(({ feature, action }) => [feature, action] as const),
  );
  return [...rejected, ...listed];
}
