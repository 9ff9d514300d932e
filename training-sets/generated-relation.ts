import { TIMESTAMP, timestampValue, VARCHAR, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import type { EntityTimesRead } from '../datasources/offline/entity-times.js';
import { DEFAULT_OPTIONS } from '../datasources/offline/point-in-time/plan.js';
import { compileEntityTimes } from '../datasources/offline/point-in-time/duckdb/entity-times.js';
import { getFeature } from '../datasources/registry/registry.js';
import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import type { GeneratedLabels } from './generated-labels.js';
import type { LabelRelation } from './label-columns.js';
import { labelTimes, timesParameter, timesSql } from './label-times.js';
import type { FindRemoteStore, HistoryStore } from './remote-store.js';
import type { TrainingSetRequest } from './training-sets.js';
import type { WorkDatabase } from './work-database.js';

const PLACE = 'labels.source.generated';

/** A table of the connection, which survives that the work database moves to a file. */
const FETCHED = 'temp.generated_entity_times';

export type GeneratingRequest = Omit<TrainingSetRequest, 'labels'> & { readonly labels: GeneratedLabels };

export function isGenerated(request: TrainingSetRequest): request is GeneratingRequest {
  return request.labels.kind === 'GENERATED';
}

/**
 * What to read for generated labels. An entity exists from the first row in the sources of the main features: a row in
 * another source gives it no value. So the labels tell nothing of rows whose features are not asked for.
 */
export function generatedRead({ labels, joins, options: given }: GeneratingRequest): EntityTimesRead {
  const { entityType, features } = joins[0]!;
  const { times, entityIds } = labels;
  const options = { ...DEFAULT_OPTIONS, ...given };
  const isRegular = times.kind === 'REGULAR';
  const wanted = isRegular ? features : [getFeature(entityType, times.feature, `${PLACE}.times.events.feature`)];
  const sources = [...new Set(wanted.map(({ source }) => source))].filter(({ timestampColumn }) => timestampColumn);
  if (sources.length === 0) {
    throw badInput(
      `Values of static sources have no event times, so that nothing shows when an entity of "${entityType.name}" exists. ` +
        'Ask for a feature of a source with event times.',
      isRegular ? 'features' : `${PLACE}.times.events.feature`,
    );
  }
  if (entityIds !== null && entityIds.length === 0) throw badInput('There are no entities.', `${PLACE}.entityIds`);
  if (!isRegular && times.until <= times.from) {
    throw badInput('"until" is after "from", and the events end before it.', `${PLACE}.times.events.until`);
  }
  return {
    entityType,
    sources,
    entityIds,
    events: isRegular ? null : { from: times.from, until: times.until },
    knownAt: options.knownAt,
    sinceWritten: options.knownAtLabelTime,
  };
}

/**
 * The labels as SQL of the work database, in the order of their times. The history of a remote store is read by
 * `fetch`, once, before the labels are counted or loaded: only the first moment of each entity, or its events, comes here.
 */
export async function generatedRelation(
  work: WorkDatabase,
  request: GeneratingRequest,
  findRemoteStore: FindRemoteStore,
): Promise<LabelRelation> {
  const { labels, joins, options } = request;
  const { entityType, entityIdColumns } = joins[0]!;
  refuseEqualNames([labels.timeColumn, ...entityIdColumns]);
  const read = generatedRead(request);
  const times = labels.times.kind === 'REGULAR' ? await labelTimes(work, labels.times) : null;
  const parameters: DuckDBValue[] = [];
  const parameterTypes: DuckDBType[] = [];
  if (times !== null) {
    const { value, type } = timesParameter(times);
    parameters.push(value);
    parameterTypes.push(type);
  }
  const store = findRemoteStore(entityType.featurestore);
  const local = store ? undefined : compileEntityTimes(read, parameters.length + 1);
  if (local) {
    parameters.push(...local.parameters);
    parameterTypes.push(...local.parameterTypes);
  }
  const entityTimes = local ? `(${local.sql})` : FETCHED;
  const isThere = options.strictlyBefore ? '<' : '<=';
  const from =
    times === null
      ? `(SELECT entity_id, entity_time AS label_time FROM ${entityTimes})`
      : `(SELECT e.entity_id, t.label_time FROM ${timesSql(1)} AS t JOIN ${entityTimes} AS e ON e.entity_time ${isThere} t.label_time)`;
  const ids = entityIdColumns.map(
    (name, part) => `${idPartSql(part, entityIdColumns.length)} AS ${quoteIdentifier(name)}`,
  );
  return {
    sql: `(SELECT label_time AS ${quoteIdentifier(labels.timeColumn)}, ${ids.join(', ')} FROM ${from} ORDER BY label_time, entity_id)`,
    countSql: times === null ? `SELECT count(*) FROM ${entityTimes}` : countSql(entityTimes, isThere, times.length),
    parameters,
    parameterTypes,
    columns: [
      { name: labels.timeColumn, type: 'TIMESTAMP' },
      ...entityIdColumns.map((name) => ({ name, type: 'VARCHAR' })),
    ],
    ...(store ? { fetch: once(() => retryOnOutage(work.signal, () => fetchEntityTimes(work, store, read))) } : {}),
  };
}

/** The number of labels without making one: an entity is a label at its first time and at all later ones. */
function countSql(entityTimes: string, isThere: '<' | '<=', times: number): string {
  return `SELECT coalesce(sum(${times} - t.earlier), 0) FROM ${entityTimes} AS e
  ASOF JOIN (SELECT label_time, row_number() OVER (ORDER BY label_time) - 1 AS earlier FROM ${timesSql(1)}) AS t
  ON e.entity_time ${isThere} t.label_time`;
}

/** decodeEntityId (values/entity-id.ts) in SQL. */
function idPartSql(part: number, parts: number): string {
  if (parts === 1) return 'entity_id';
  return `replace(replace(split_part(entity_id, ',', ${part + 1}), '%2C', ','), '%25', '%')`;
}

function refuseEqualNames(names: readonly string[]): void {
  const lower = names.map((name) => name.toLowerCase());
  const index = lower.findIndex((name, place) => lower.indexOf(name) !== place);
  if (index === -1) return;
  throw badInput(
    `The labels would have two columns "${names[index]}". Give the time or the id another name.`,
    index === 0 ? 'labels.timeColumn' : 'labels.entityIdColumns',
  );
}

function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= task());
}

/** The whole read begins again when the store did not answer: its table is replaced. */
async function fetchEntityTimes(work: WorkDatabase, store: HistoryStore, read: EntityTimesRead): Promise<void> {
  await work.connection.run(
    `CREATE OR REPLACE TEMP TABLE generated_entity_times (entity_id VARCHAR, entity_time TIMESTAMP)`,
  );
  let rows = 0;
  for await (const batch of store.entityTimes({ ...read, signal: work.signal })) {
    rows += batch.length;
    if (rows > REQUEST_LIMITS.maxGeneratedLabels) throw tooManyLabels(rows);
    const appender = await work.connection.createAppender('generated_entity_times', null, 'temp');
    for (const { entityId, time } of batch) {
      appender.appendValue(entityId, VARCHAR);
      appender.appendValue(timestampValue(time), TIMESTAMP);
      appender.endRow();
    }
    appender.closeSync();
  }
}

/** Refuses more generated labels than a job makes. */
export function checkGeneratedCount(request: TrainingSetRequest, labels: number): void {
  if (!isGenerated(request)) return;
  if (labels > REQUEST_LIMITS.maxGeneratedLabels) throw tooManyLabels(labels);
}

function tooManyLabels(labels: number) {
  return badInput(
    `These are at least ${formatLimit(labels)} labels, and a training set has at most ` +
      `${formatLimit(REQUEST_LIMITS.maxGeneratedLabels)} generated ones. Choose fewer entities, a longer interval or a shorter range.`,
    PLACE,
  );
}
