import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import { IS_CHANGED, staticName } from './checked-rows.js';
import { entityName } from './load-labels.js';
import { checkedTime } from './verify-sample.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';

/** SQL conditions on a checked row. */
export class ValidationSql {
  constructor(private readonly plan: TrainingSetPlan) {}

  counts(): string {
    const { features } = this.plan;
    return joinSql(
      [
        'count(*) AS rows',
        `count(*) FILTER (WHERE ${this.leaked()}) AS "LEAKED"`,
        `count(*) FILTER (WHERE ${this.invalid()}) AS "INVALID"`,
        `count(*) FILTER (WHERE ${this.unmatched()}) AS "UNMATCHED"`,
        `count(*) FILTER (WHERE ${IS_CHANGED}) AS "CHANGED"`,
        ...features.flatMap((column, index) => [
          `count(*) FILTER (WHERE ${this.#isPresent(column, index)}) AS present_${index}`,
          `count(*) FILTER (WHERE ${this.#found(column, index)}) AS found_${index}`,
          column.timeColumn !== null && `count(*) FILTER (WHERE ${this.#isExact(column, index)}) AS exact_${index}`,
          column.writtenAfterColumn !== null &&
            `count(*) FILTER (WHERE ${column.feature.valueColumn} IS NOT NULL AND ${column.writtenAfterColumn}) AS written_after_${index}`,
          this.#isOld(column, index) && `count(*) FILTER (WHERE ${this.#isExpired(column, index)}) AS expired_${index}`,
        ]),
      ],
      ',\n  ',
    );
  }

  /** The row has a value from after the label, or a value without a source row in the history. */
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

  /** The time of the value is after the label's time. */
  #isLater(column: PlannedColumn, index: number): string {
    if (column.timeColumn === null) return 'false';
    const time = checkedTime(column, index);
    const isAfter = this.plan.request.options.strictlyBefore ? '>=' : '>';
    return `coalesce(${time} ${isAfter} label_time, ${time} IS NOT NULL)`;
  }

  /** There is a value, but no row of the history is its source. */
  #lacksSource(column: PlannedColumn, index: number): string {
    return `(${column.feature.valueColumn} IS NOT NULL AND NOT (${this.#found(column, index)}))`;
  }

  #found(column: PlannedColumn, index: number): string {
    return column.timeColumn === null
      ? staticName(this.plan, column.source)
      : `${checkedTime(column, index)} IS NOT NULL`;
  }

  /** With includeExpired, an expired value is in the output, but still counts as expired. */
  #isPresent(column: PlannedColumn, index: number): string {
    const isThere = `${column.feature.valueColumn} IS NOT NULL`;
    const isOld = this.plan.pointInTime.options.includeExpired && this.#isOld(column, index);
    return isOld ? `${isThere} AND NOT coalesce(${isOld}, false)` : isThere;
  }

  #isExpired(column: PlannedColumn, index: number): string {
    const isOld = String(this.#isOld(column, index));
    return this.plan.pointInTime.options.includeExpired ? isOld : `${column.feature.valueColumn} IS NULL AND ${isOld}`;
  }

  /** The event time of the value equals the label's time. */
  #isExact(column: PlannedColumn, index: number): string {
    return `${column.feature.valueColumn} IS NOT NULL AND ${checkedTime(column, index)} = label_time`;
  }

  /** The value is older than its ttl. */
  #isOld(column: PlannedColumn, index: number): string | false {
    const { feature, timeColumn } = column;
    if (feature.ttl === null || timeColumn === null) return false;
    return `epoch_us(label_time) - epoch_us(${checkedTime(column, index)}) > ${feature.ttl}`;
  }

  /** Removes duplicate conditions, because the features of a row share their time. */
  #any(conditions: readonly string[]): string {
    return `(${[...new Set(conditions)].join(' OR ')})`;
  }
}
