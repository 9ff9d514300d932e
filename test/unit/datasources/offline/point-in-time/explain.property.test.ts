import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../../../datasources/offline/duckdb/duckdb-offline-store.js';
import {
  ROW_CLASSES,
  type ExplainedLabel,
  type ExplainedRows,
} from '../../../../../datasources/offline/explain-read.js';
import type { EntityMoment, OfflineStore } from '../../../../../datasources/offline/offline-store.js';
import { decideValue, type ValueDecision } from '../../../../../datasources/offline/point-in-time/decide-value.js';
import type { EntityType, Feature } from '../../../../../datasources/registry/model.js';
import type { FeatureCell } from '../../../../../values/feature-cell.js';
import type { RawValue } from '../../../../../values/value-type.js';
import { openTestStore, startBigQuery } from '../../../../support/google/bigquery-store.js';
import type { BigQueryServer } from '../../../../support/google/bigquery-server/server.js';
import { describeWithGoogleSql } from '../../../../support/google/with-googlesql.js';
import { pointInTimeProblem, type PointInTimeProblem } from '../../../../support/point-in-time-arbitrary.js';
import { oracleCell } from '../../../../support/point-in-time-oracle.js';
import { testEntityType } from '../../../../support/test-registry.js';

/** A sample is a random history, a label and a feature. */
const SAMPLES = Number(process.env.EXPLAIN_SAMPLES ?? 1_000);
const SEED = Number(process.env.EXPLAIN_SEED ?? 16);
const LABELS_PER_HISTORY = 2;

describe('an explanation, DuckDB', () => {
  let database: DuckDbDatabase;
  beforeAll(async () => {
    database = await DuckDbDatabase.open(':memory:');
  });
  afterAll(() => database.close());

  it('gives the value again when it is computed from the explained rows', { timeout: 300_000 }, () =>
    recompute((entityType) => DuckDbOfflineStore.open(database, entityType.sources)),
  );
});

describeWithGoogleSql('an explanation, BigQuery', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery(() => 1_000_000_000_000_000n);
  });
  afterAll(() => server.stop());

  it('gives the value again when it is computed from the explained rows', { timeout: 300_000 }, () =>
    recompute((entityType) => openTestStore(server, entityType)),
  );
});

let entityTypes = 0;

interface Sample {
  readonly problem: PointInTimeProblem;
  readonly feature: Feature;
  readonly label: ExplainedLabel;
  readonly explained: ExplainedRows;
  readonly maxRows: number;
}

/** Compares SAMPLES values with those that the store, and a naive program, give for the whole history. */
async function recompute(
  open: (entityType: EntityType) => Promise<Pick<OfflineStore, 'append' | 'pointInTime' | 'explain'>>,
): Promise<void> {
  let equal = 0;
  const statuses = new Set<string>();
  for (let run = 0; equal < SAMPLES; run += 1) {
    const [problem] = fc.sample(pointInTimeProblem, { seed: SEED + run, numRuns: 1 });
    const { rows, options } = problem!;
    const entityType = testEntityType({ name: `thing_${(entityTypes += 1)}`, ...problem!.entityType });
    const labels = problem!.labels.filter(isComplete).slice(0, LABELS_PER_HISTORY);
    if (labels.length === 0) continue;
    const store = await open(entityType);
    await store.append(entityType.sources[0]!, rows);
    const cells = await store.pointInTime({ entityType, labels, features: entityType.features, options });
    for (const [column, feature] of entityType.features.entries()) {
      const maxRows = 2 + (run % 3);
      const explained = await store.explain({ feature, labels, options, maxRows });
      for (const [number, label] of labels.entries()) {
        const sample = { problem: problem!, feature, label, explained: explained[number]!, maxRows };
        expect(cellOf(sample), `seed ${SEED + run}, ${feature.name}`).toEqual(cells[number]![column]);
        expect(cells[number]![column]).toEqual(oracleCell(rows, label, feature, options));
        expectClasses(sample);
        statuses.add(cells[number]![column]!.status);
        equal += 1;
      }
    }
  }
  expect(equal).toBeGreaterThanOrEqual(SAMPLES);
  expect([...statuses].sort()).toEqual(['EXPIRED', 'NOT_FOUND', 'NULL', 'PRESENT']);
}

function isComplete(label: EntityMoment): label is ExplainedLabel {
  return label.entityId !== null && label.time !== null;
}

function decide({ problem: { options }, feature, label, explained }: Sample): ValueDecision<RawValue> {
  const { strictlyBefore, includeExpired, knownAtLabelTime } = options;
  const isTimed = feature.source.timestampColumn !== null;
  const limits = [options.knownAt, knownAtLabelTime && isTimed ? label.time : null].filter((limit) => limit !== null);
  const knownAt = limits.length === 0 ? null : limits.reduce((a, b) => (a < b ? a : b));
  const skipsNulls = !feature.entityType.dense;
  const rows = ROW_CLASSES.flatMap((rowClass) => explained[rowClass].rows);
  return decideValue(rows, {
    time: label.time,
    strictlyBefore,
    knownAt,
    includeExpired,
    ttl: feature.ttl,
    isTimed,
    skipsNulls,
  });
}

function cellOf(sample: Sample): FeatureCell {
  const { status, value, timestamp } = decide(sample);
  return { status, value, timestamp };
}

/** The store's classes are those of the rules, it counts all rows of the entity, and it shows as many as it may. */
function expectClasses(sample: Sample): void {
  const { problem, label, explained, maxRows } = sample;
  const ofEntity = problem.rows.filter(({ entityId }) => entityId === label.entityId);
  const counts = ROW_CLASSES.map((rowClass) => Number(explained[rowClass].count));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ofEntity.length);
  expect(ROW_CLASSES.map((rowClass) => explained[rowClass].rows.length)).toEqual(
    counts.map((count) => Math.min(count, maxRows)),
  );
  const shown = ROW_CLASSES.flatMap((rowClass) => explained[rowClass].rows.map(() => rowClass));
  expect(decide(sample).rows.map((row) => row.class)).toEqual(shown);
}
