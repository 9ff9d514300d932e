import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import {
  DEFAULT_VALIDATION,
  type FeatureCoverageResult,
  type OffendingRow,
  type TrainingSetValidationResult,
} from './training-sets.js';
import { copyHistories } from './copy-histories.js';
import { IS_KNOWN } from './join-remote.js';
import { allJoined, historyAt, joinedTable } from './join-labels.js';
import { entityName, keys, labelName } from './load-labels.js';
import { checkedTime, isSampled, sampleOrder, verifySample, REMOTE_VERIFIED_ROWS } from './verify-sample.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import { countRows, type WorkDatabase } from './work-database.js';

const MAX_OFFENDING_ROWS = 100;

/**
 * Checks an output against its labels and the history, by queries that share nothing with the compiler that made it.
 * `output` gives its rows as read back (output-format.ts). What this proves, and what not: docs/training-sets.md.
 *
 * On all rows: no value has a time after its label's, and none stands without a time. On a sample, or on all when they
 * are few: each value and time is what looking at every row of the entity's history gives.
 */
export async function validate(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: string,
  onShare?: (share: number) => void,
): Promise<TrainingSetValidationResult> {
  const tableOf = await historyAt(work, plan);
  const checked = checkedRows(work, plan, output, tableOf);
  const facts = new ValidationSql(plan);
  const sampling = plan.request.validation ?? DEFAULT_VALIDATION;
  const labels = await countRows(work, 'labels');
  // This one takes nearly all of the time.
  const counted = await work.run(`${checked} SELECT ${facts.counts()} FROM checked`, [], undefined, onShare);
  const [counts = {}] = await counted.getRowObjects();
  const sampled = checkedRows(work, plan, `SELECT * FROM (${output}) WHERE ${isSampled(labels, sampling)}`, tableOf);
  const most = plan.remoteStores.size > 0 ? `ORDER BY ${sampleOrder(sampling.seed)} LIMIT ${REMOTE_VERIFIED_ROWS}` : '';
  await work.run(
    `CREATE OR REPLACE TEMP TABLE sample AS ${sampled} SELECT *, ${facts.leaked()} AS leaks FROM checked ${most}`,
  );
  const count = (name: string): bigint => BigInt(String(counts[name] ?? 0));
  const copied = await copyHistories(work, plan);
  const historyOf = (source: PlannedColumn['source']): string => copied.get(source) ?? tableOf(source.source);
  const { verified, wrong, wrongRows, writtenAfterLabel } = await verifySample(
    work,
    plan,
    historyOf,
    MAX_OFFENDING_ROWS,
  );
  const offenders = async (kind: OffendingRow['kind'], condition: string, reason: string): Promise<OffendingRow[]> => {
    if (count(kind) === 0n) return [];
    const rows = await work.rows(
      `${checked} SELECT row_id, ${reason} AS reason FROM checked WHERE ${condition} ORDER BY row_id LIMIT ${MAX_OFFENDING_ROWS}`,
    );
    return rows.map((row) => ({ row: BigInt(String(row.row_id)), kind, reason: String(row.reason) }));
  };
  const leaked = await offenders('LEAKED', facts.leaked(), facts.leakReason());
  return {
    labelRows: BigInt(labels),
    joinedRows: count('rows'),
    leakedRows: count('LEAKED') + wrong,
    unmatchedRows: count('UNMATCHED'),
    expiredValues: plan.features.reduce((sum, _, index) => sum + count(`expired_${index}`), 0n),
    invalidLabels: count('INVALID'),
    verifiedRows: verified,
    mode: sampling.mode,
    seed: sampling.seed,
    valuesWrittenAfterLabel: writtenAfterLabel,
    featureCoverage: plan.features.map(({ name }, index) => coverage(name, index, count)),
    offendingRows: [
      ...[...leaked, ...wrongRows].slice(0, MAX_OFFENDING_ROWS),
      ...(await offenders('INVALID', facts.invalid(), facts.invalidReason())),
      ...(await offenders('UNMATCHED', facts.unmatched(), `'no feature was known of it at its time'`)),
    ],
  };
}

function coverage(column: string, index: number, count: (name: string) => bigint): FeatureCoverageResult {
  const found = count(`found_${index}`);
  const present = count(`present_${index}`);
  const expired = count(`expired_${index}`);
  const nulls = found - present - expired;
  return { column, present, expired, nulls: nulls < 0n ? 0n : nulls, notFound: count('rows') - found };
}

/**
 * The rows of the output with all that is asked about them: label_time and entity ids computed again from the columns of
 * the output, values, times (its own where it has them, else those kept beside it), and whether a static source knows
 * the entity.
 */
function checkedRows(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: string,
  tableOf: Awaited<ReturnType<typeof historyAt>>,
): string {
  const { request, labelColumns, features, pointInTime } = plan;
  const columnOf = (name: string): string => `o.${labelName(labelColumns.findIndex((column) => column.name === name))}`;
  const times = features.flatMap((column, index) => {
    const { feature, timeColumn, timestampName } = column;
    if (timeColumn === null) return [];
    return timestampName === null ? `t.${timeColumn}` : `o.${feature.timestampColumn} AS ${checkedTime(column, index)}`;
  });
  const keyed = [
    'o.row_id',
    ...keys(request, labelColumns, columnOf),
    ...features.map(({ feature }) => `o.${feature.valueColumn}`),
    ...new Set(times),
  ];
  const knownTo = (source: PlannedColumn['source']): string =>
    plan.remoteStores.has(source) ? knownRemoteIdsSql(work, plan, source) : tableOf(source.source);
  const statics = [...new Set(pointInTime.sources)].filter(({ source }) => source.timestampColumn === null);
  const joins = statics.map(
    (source) => `LEFT JOIN (SELECT DISTINCT entity_id FROM ${knownTo(source)}) AS ${staticName(plan, source)}
  ON ${staticName(plan, source)}.entity_id = CASE WHEN k.label_time IS NOT NULL THEN k.${source.entityColumn} END`,
  );
  // Times are kept by row; the number of the row is that of the first table, which has all.
  const kept = [...new Set(features.flatMap(({ timeColumn }) => timeColumn ?? []))];
  return `WITH output AS (${output}),
times AS (SELECT ${joinSql(['joined_0.row_id', ...kept], ', ')} FROM ${allJoined(work, plan)}),
keyed AS (SELECT ${joinSql(keyed, ', ')} FROM output AS o LEFT JOIN times AS t ON t.row_id = o.row_id),
checked AS (SELECT ${joinSql(['k.*', ...statics.map((source) => `${staticName(plan, source)}.entity_id IS NOT NULL AS ${staticName(plan, source)}`)], ', ')}
  FROM keyed AS k ${joins.join('\n')})`;
}

/** The entities of the labels that a static source elsewhere was found to know. */
function knownRemoteIdsSql(work: WorkDatabase, plan: TrainingSetPlan, source: PlannedColumn['source']): string {
  return `(SELECT l.${source.entityColumn} AS entity_id FROM ${work.table('labels')} AS l
    JOIN ${work.table(joinedTable(plan, source))} AS j ON l.rowid = j.row_id WHERE j.${IS_KNOWN})`;
}

function staticName(plan: TrainingSetPlan, source: PlannedColumn['source']): string {
  return `static_${plan.pointInTime.sources.indexOf(source)}`;
}

/** What is true of a checked row, in SQL. */
class ValidationSql {
  constructor(private readonly plan: TrainingSetPlan) {}

  counts(): string {
    const { features } = this.plan;
    return joinSql(
      [
        'count(*) AS rows',
        `count(*) FILTER (WHERE ${this.leaked()}) AS "LEAKED"`,
        `count(*) FILTER (WHERE ${this.invalid()}) AS "INVALID"`,
        `count(*) FILTER (WHERE ${this.unmatched()}) AS "UNMATCHED"`,
        ...features.flatMap((column, index) => [
          `count(*) FILTER (WHERE ${this.#isPresent(column, index)}) AS present_${index}`,
          `count(*) FILTER (WHERE ${this.#found(column, index)}) AS found_${index}`,
          this.#isOld(column, index) && `count(*) FILTER (WHERE ${this.#isExpired(column, index)}) AS expired_${index}`,
        ]),
      ],
      ',\n  ',
    );
  }

  /** A value from after the label, or one that no row of the history is said to have given. */
  leaked(): string {
    const { features } = this.plan;
    return this.#any(
      features.flatMap((column, index) => [this.#isLater(column, index), this.#lacksSource(column, index)]),
    );
  }

  leakReason(): string {
    const cases = this.plan.features.map((column, index) => {
      const time =
        column.timeColumn === null
          ? `'no time'`
          : `coalesce(CAST(${checkedTime(column, index)} AS VARCHAR), 'no time')`;
      const leaks = this.#any([this.#isLater(column, index), this.#lacksSource(column, index)]);
      return `WHEN ${leaks} THEN ${quoteText(`${column.name}: its value has `)} || ${time} || ', the label ' || coalesce(CAST(label_time AS VARCHAR), 'no time')`;
    });
    return `CASE ${cases.join('\n')} END`;
  }

  invalid(): string {
    return this.#any([
      'label_time IS NULL',
      ...this.plan.request.joins.map((_, index) => `${entityName(index)} IS NULL`),
    ]);
  }

  invalidReason(): string {
    const ids = this.plan.request.joins.map(
      ({ entityIdColumns }, index) =>
        `WHEN ${entityName(index)} IS NULL THEN ${quoteText(`no id in ${entityIdColumns.join(', ')}`)}`,
    );
    return `CASE WHEN label_time IS NULL THEN ${quoteText(`no time in ${this.plan.request.labels.timeColumn}`)} ${ids.join(' ')} END`;
  }

  unmatched(): string {
    const found = new Set(this.plan.features.map((column, index) => this.#found(column, index)));
    return `NOT (${[...found].join(' OR ')})`;
  }

  /** Its time is after the label's. */
  #isLater(column: PlannedColumn, index: number): string {
    if (column.timeColumn === null) return 'false';
    const time = checkedTime(column, index);
    const isAfter = this.plan.request.options.strictlyBefore ? '>=' : '>';
    return `coalesce(${time} ${isAfter} label_time, ${time} IS NOT NULL)`;
  }

  /** There is a value, but no row that could have given it. */
  #lacksSource(column: PlannedColumn, index: number): string {
    return `(${column.feature.valueColumn} IS NOT NULL AND NOT (${this.#found(column, index)}))`;
  }

  #found(column: PlannedColumn, index: number): string {
    return column.timeColumn === null
      ? staticName(this.plan, column.source)
      : `${checkedTime(column, index)} IS NOT NULL`;
  }

  /** With includeExpired an expired value is there, and counts as expired all the same. */
  #isPresent(column: PlannedColumn, index: number): string {
    const isThere = `${column.feature.valueColumn} IS NOT NULL`;
    const isOld = this.plan.pointInTime.options.includeExpired && this.#isOld(column, index);
    return isOld ? `${isThere} AND NOT coalesce(${isOld}, false)` : isThere;
  }

  #isExpired(column: PlannedColumn, index: number): string {
    const isOld = String(this.#isOld(column, index));
    return this.plan.pointInTime.options.includeExpired ? isOld : `${column.feature.valueColumn} IS NULL AND ${isOld}`;
  }

  /** Older than its ttl. */
  #isOld(column: PlannedColumn, index: number): string | false {
    const { feature, timeColumn } = column;
    if (feature.ttl === null || timeColumn === null) return false;
    return `epoch_us(label_time) - epoch_us(${checkedTime(column, index)}) > ${feature.ttl}`;
  }

  /** Each condition once: the features of a row share their time. */
  #any(conditions: readonly string[]): string {
    return `(${[...new Set(conditions)].join(' OR ')})`;
  }
}
