import type { Finding } from '../datasources/diagnosis.js';
import type { TableAddress } from '../datasources/google/bigtable/client.js';
import { diagnoseJobsTable } from '../datasources/job-store/bigtable/diagnose-jobs-table.js';
import {
  diagnoseSharedFiles,
  type SharedFolderAddress,
} from '../datasources/shared-files/cloud-storage/diagnose-shared-files.js';
import { describeOfflineStore, describeOnlineStore } from '../datasources/registry/store-kinds.js';
import type { Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { OperatorError } from '../errors/operator-error.js';

/** Throws an OperatorError for a registry whose values would be on the disk of one of several gateways. */
export function requireShareable(registry: Registry): void {
  const faults = listUnshared(registry);
  if (faults.length === 0) return;
  throw new OperatorError(
    'FEATUREGRAPH_JOBS_TABLE is set, but several gateways would not serve the same values (docs/several-gateways.md):',
    faults,
  );
}

/** What the gateways of a registry do not share, with the remedy. */
function listUnshared(registry: Registry): string[] {
  return registry.featurestores.flatMap((featurestore) => [
    ...listLocalStores(featurestore),
    ...listQuarantining(featurestore),
    ...featurestore.entityTypes.flatMap(({ name, sources }) =>
      sources
        .filter(({ sql }) => sql !== null)
        .map(
          (source) =>
            `the source "${source.name}" of "${featurestore.name}.${name}" has SQL, which each gateway computes on its own disk: ` +
            'compute it in BigQuery, and name its table',
        ),
    ),
  ]);
}

/** A deletion would erase only the quarantine of the gateway that it reaches. */
function listQuarantining({ name, entityTypes }: Featurestore): string[] {
  return entityTypes.flatMap(({ name: entityType, features }) =>
    features
      .filter(({ expectations }) => expectations.some(({ onViolation }) => onViolation === 'QUARANTINE'))
      .map(
        (feature) =>
          `an expectation of "${name}.${entityType}.${feature.name}" has onViolation: QUARANTINE, and the quarantine is on the ` +
          'disk of one gateway: use REJECT or WARN',
      ),
  );
}

function listLocalStores({ name, onlineSettings, offlineSettings }: Featurestore): string[] {
  const onOneDisk = 'is on the disk of one gateway';
  return [
    ...(describeOnlineStore(onlineSettings).isLocal
      ? [`the online store of "${name}" ${onOneDisk}: use BIGTABLE or a store of Vertex AI`]
      : []),
    ...(describeOfflineStore(offlineSettings).isLocal
      ? [`the offline store of "${name}" ${onOneDisk}: use BIGQUERY`]
      : []),
  ];
}

/** The findings of `featuregraph doctor` for several gateways. */
export async function* diagnoseSeveralGateways(
  registry: Registry,
  table: TableAddress,
  files: SharedFolderAddress | undefined,
): AsyncGenerator<Finding> {
  const faults = listUnshared(registry);
  for (const message of faults) yield { status: 'fault', message };
  if (faults.length === 0) yield { status: 'ok', message: 'all values are in stores that the gateways share' };
  yield* diagnoseJobsTable(table);
  if (files) yield* diagnoseSharedFiles(files);
  else {
    yield {
      status: 'warning',
      message:
        'FEATUREGRAPH_SHARED_FILES is not set: training sets, and batch predictions with ONNX and HTTP models, are refused',
    };
  }
}
