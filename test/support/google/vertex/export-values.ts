import type { SqlValue } from '../googlesql/evaluator.js';
import { fromProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import type { Instant } from '../../../../values/instant.js';
import { LIMITS } from '../limits.js';
import { ApiError } from '../bigquery-server/api-error.js';
import { fieldOf, noSqlValue, toSqlTime, toSqlValue } from './bigquery-types.js';
import type { LegacyEntityType, LegacyWorld } from './legacy-featurestores.js';
import { refuse } from './refusal.js';

const METADATA = 'ExportFeatureValuesOperationMetadata';

/** ExportFeatureValues, into a table of the test's BigQuery: the values there are at its start. */
export function exportValues(world: LegacyWorld, request: any): object {
  const entityType = world.entityType(request.entityType);
  const { mode, fullExport, destination, featureSelector } = request;
  if (mode !== 'fullExport') refuse('INVALID_ARGUMENT', 'this server makes full exports');
  for (const time of [fullExport.startTime, fullExport.endTime]) {
    if (time && time.nanos % 1_000_000 !== 0) refuse('INVALID_ARGUMENT', 'a time is finer than a millisecond');
  }
  if (featureSelector.idMatcher.ids.join() !== '*') refuse('INVALID_ARGUMENT', 'this server exports all features');
  const uri = destination.bigqueryDestination?.outputUri ?? '';
  const [, project, dataset, table] = /^bq:\/\/([^.]+)\.([^.]+)\.([^.]+)$/.exec(uri) ?? [];
  if (table === undefined) refuse('INVALID_ARGUMENT', 'Field: output_uri; Message: must refer to a table');
  if (world.operations.countRunning(METADATA) >= LIMITS.vertex.batchJobs.value) {
    refuse('RESOURCE_EXHAUSTED', 'Quota exceeded: 75 concurrent batch jobs');
  }
  const [, id = ''] = request.entityType.split('/entityTypes/');
  const rows = listRows(entityType, fromProtoTime(fullExport.startTime), world.now());
  const features = [...entityType.features].map(([name, { valueType }]) => ({ name, type: valueType }));
  const fields = [
    { name: `entity_type_${id}`, type: 'STRING', mode: 'NULLABLE' },
    { name: 'feature_timestamp', type: 'TIMESTAMP', mode: 'NULLABLE' },
    ...features.map(({ name, type }) => fieldOf(name, type)),
  ];
  return world.operations.start({
    parent: request.entityType,
    metadataType: METADATA,
    responseType: 'ExportFeatureValuesResponse',
    finish: () => {
      if (world.exportFailures.delete(id)) refuse('FAILED_PRECONDITION', 'the export was refused, as the test says');
      const tables = world.tables ?? refuse('FAILED_PRECONDITION', 'the test has no BigQuery');
      try {
        const created = tables.create(project!, dataset!, {
          tableReference: { projectId: project, datasetId: dataset, tableId: table },
          schema: { fields },
        });
        created.rows.push(
          ...rows.map(({ entity, time, values }): SqlValue[] => [
            { string_value: entity },
            toSqlTime(time),
            ...features.map(({ name, type }) =>
              values.has(name) ? toSqlValue(type, values.get(name)) : noSqlValue(type),
            ),
          ]),
        );
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refuse(error.status === 409 ? 'ALREADY_EXISTS' : 'FAILED_PRECONDITION', error.message);
      }
      return {};
    },
  });
}

interface ExportedRow {
  readonly entity: string;
  readonly time: Instant;
  readonly values: Map<string, any>;
}

/** A row for each entity and event time. `start` is compared with event times, not with times of writing. */
function listRows({ values }: LegacyEntityType, start: Instant | null, now: Instant): ExportedRow[] {
  const rows = new Map<string, ExportedRow>();
  for (const { key, feature, time, value } of values.history.values()) {
    if ((start !== null && time < start) || time > now) continue;
    const id = `${key}@${time}`;
    let row = rows.get(id);
    if (!row) rows.set(id, (row = { entity: key, time, values: new Map() }));
    row.values.set(feature, value);
  }
  return [...rows.values()];
}
