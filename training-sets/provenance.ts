import { createHash } from 'node:crypto';
import { toCanonicalJson } from '../values/canonical-json.js';
import { formatInstant } from '../values/instant.js';
import { DEFAULT_VALIDATION, type TrainingSetProvenance } from './training-sets.js';
import { labelName } from './load-labels.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** The inputs of a training set. They are known before it is written, so that a Parquet file can contain them. */
export async function describeProvenance(
  work: WorkDatabase,
  plan: TrainingSetPlan,
): Promise<Omit<TrainingSetProvenance, 'checksum'>> {
  const { request, pointInTime, features } = plan;
  const { knownAt, ...options } = pointInTime.options;
  return {
    registryDigest: registryDigest(plan),
    labelsDigest: await labelsDigest(work, plan),
    features: features.map(({ name, source: { source }, feature: { feature, ttl } }) => ({
      column: name,
      featurestore: source.entityType.featurestore.name,
      entityType: source.entityType.name,
      feature: feature.name,
      ttlMicroseconds: ttl === null ? null : String(ttl),
    })),
    options: {
      ...options,
      knownAt: knownAt === null ? null : formatInstant(knownAt),
      timeColumn: request.labels.timeColumn,
      entityIdColumns: request.joins.map(({ entityIdColumns }) => entityIdColumns),
      validation: request.validation ?? DEFAULT_VALIDATION,
    },
  };
}

/**
 * A fingerprint of the registry's definition of the joined features: the sources of their values, and how they are
 * read.
 */
function registryDigest({ features }: TrainingSetPlan): string {
  const facts = features.map(({ source: { source }, feature: { feature } }) => [
    source.entityType.featurestore.name,
    source.entityType.name,
    source.entityType.entityIdColumns,
    source.entityType.dense,
    source.name,
    source.sql,
    [source.timestampColumn, source.createdTimestampColumn, source.sequenceColumn],
    feature.name,
    feature.valueType,
    feature.ttl,
  ]);
  const distinct = [...new Set(facts.map((fact) => toCanonicalJson(fact)))].sort();
  return `sha256:${createHash('sha256').update(distinct.join('\n')).digest('hex')}`;
}

/**
 * A fingerprint of the labels as they were read, regardless of their source: the MD5 of each row with its number and
 * all its columns, combined by XOR, so that the order of the computation does not matter. It includes the names and
 * types of the columns.
 */
async function labelsDigest(work: WorkDatabase, { labelColumns }: TrainingSetPlan): Promise<string> {
  const fields = labelColumns.map((_, index) => `${labelName(index)}: ${labelName(index)}`);
  const [row] = await work.rows(
    `SELECT count(*) AS rows, lpad(format('{:x}', coalesce(bit_xor(md5_number(rowid || CAST({${fields.join(', ')}} AS VARCHAR))), 0)), 32, '0') AS digest
     FROM ${work.table('labels')}`,
  );
  const columns = labelColumns.map(({ name, type }) => [name, type]);
  const facts = toCanonicalJson([columns, String(row?.rows), String(row?.digest)]);
  return `sha256:${createHash('sha256').update(facts).digest('hex')}`;
}
