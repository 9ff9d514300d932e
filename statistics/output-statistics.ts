import { scanTerms } from '../costs/scan-terms.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { ColumnReads, ValuesOf, WrittenColumn, WrittenColumns } from '../datasources/offline/column-reads.js';
import type { Distributions } from '../datasources/offline/statistics-read.js';
import { describeOfflineStore } from '../datasources/registry/store-kinds.js';
import { badInput } from '../errors/app-error.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { CostTerms } from '../jobs/job-request.js';
import { toRead, type StatisticsRequest, type StatisticsDependencies } from './feature-statistics.js';

export interface OutputStatisticsDependencies extends Pick<StatisticsDependencies, 'currentSignal'> {
  readonly engine: Pick<JobEngine, 'runAtOnce'>;
  readonly reads: ColumnReads;
  /** Opens what a job wrote. Refuses a job without a readable output; errors name `field`. */
  readonly openOutput: (job: JobRecord, field: string) => Promise<WrittenColumns>;
}

export interface OutputStatisticsRequest {
  readonly job: JobRecord;
  /** The columns, in order; null: all. Errors name `columns`. */
  readonly columns: readonly string[] | null;
  /** Refuses a column that the client may not read. */
  readonly checkColumn: (name: string) => void;
  /** So many columns are measured at most. */
  readonly maxColumns: number;
  readonly bins: number;
  readonly topValues: number;
}

/** The distributions of a column: one range, or the baseline and the range that is compared with it. */
export interface ColumnDistributions extends Distributions {
  readonly column: string;
  readonly valueType: WrittenColumn['valueType'];
}

/** What a column is compared with. */
export type ComparedWith =
  /** The column of the same name in the output of another job, which is the baseline. */
  | { readonly kind: 'BASELINE_JOB'; readonly job: JobRecord; readonly field: string }
  /** The history of the features of the columns, over one range: the output is the baseline. */
  | { readonly kind: 'HISTORY'; readonly readOf: (column: string) => StatisticsRequest };

/** Statistics of what jobs wrote, computed by the embedded engine where it lies, under the rules of a job: the same budgets. */
export class OutputStatistics {
  constructor(private readonly dependencies: OutputStatisticsDependencies) {}

  /** The statistics of each column. */
  async compute(request: OutputStatisticsRequest, terms: CostTerms): Promise<ColumnDistributions[]> {
    await using output = await this.dependencies.openOutput(request.job, 'id');
    const columns = wantedColumns(output.columns, request);
    return await this.#run(
      columns.map((column) => ({ column, places: [placeOf(output, column)] })),
      request,
      terms,
    );
  }

  /** The distributions of each column that has a counterpart, the baseline first. */
  async compare(
    request: OutputStatisticsRequest,
    other: ComparedWith,
    terms: CostTerms,
  ): Promise<ColumnDistributions[]> {
    await using output = await this.dependencies.openOutput(request.job, 'id');
    if (other.kind === 'HISTORY') {
      const columns = wantedColumns(output.columns, request).map((column) =>
        this.#withHistory(output, column, other.readOf(column.name)),
      );
      return await this.#run(columns, request, terms);
    }
    await using baseline = await this.dependencies.openOutput(other.job, other.field);
    const comparable = output.columns.filter(({ name, valueType }) =>
      baseline.columns.some((found) => found.name === name && found.valueType === valueType),
    );
    const columns = wantedColumns(comparable, request).map((column) => ({
      column,
      places: [
        placeOf(
          baseline,
          baseline.columns.find(({ name }) => name === column.name)!,
        ),
        placeOf(output, column),
      ],
    }));
    return await this.#run(columns, request, terms);
  }

  #withHistory(output: WrittenColumns, column: WrittenColumn, request: StatisticsRequest): MeasuredColumn {
    const { feature } = request;
    const { offlineSettings, name } = feature.entityType.featurestore;
    if (!describeOfflineStore(offlineSettings).isLocal) {
      throw badInput(
        `The history of the featurestore "${name}" is in BigQuery, and the file of the training set is here. Compare two ranges by Feature.drift.`,
        'range',
      );
    }
    if (column.valueType !== feature.valueType) {
      throw badInput(
        `The column "${column.name}" is a ${column.valueType ?? column.type}, and the feature a ${feature.valueType} by now.`,
        'columns',
      );
    }
    return { column, places: [placeOf(output, column), { kind: 'HISTORY', read: toRead(request) }] };
  }

  #run(
    columns: readonly MeasuredColumn[],
    { bins, topValues }: OutputStatisticsRequest,
    terms: CostTerms,
  ): Promise<ColumnDistributions[]> {
    const { engine, reads, currentSignal } = this.dependencies;
    const signal = currentSignal() ?? new AbortController().signal;
    const places = columns.flatMap((column) => column.places);
    return engine.runAtOnce(
      async (): Promise<ScanWork> => ({ kind: 'SCAN', bytes: await reads.estimate(places), ...scanTerms([]) }),
      terms,
      async () => {
        const found: ColumnDistributions[] = [];
        // One after another: each query uses all cores.
        for (const { column, places: of } of columns) {
          const { name, valueType } = column;
          // The mean of a BOOL is from the counts of both values.
          const maxTopValues = valueType === 'BOOL' ? Math.max(2, topValues) : topValues;
          // Values that are no value type are counted as those of a STRUCT are.
          const feature = { name, valueType: valueType ?? 'STRUCT' } as const;
          const distributions = await reads.distributions({ feature, bins, maxTopValues, places: of, signal });
          found.push({ ...distributions, column: name, valueType });
        }
        return found;
      },
    );
  }
}

interface MeasuredColumn {
  readonly column: WrittenColumn;
  readonly places: readonly ValuesOf[];
}

function placeOf({ relation }: WrittenColumns, column: WrittenColumn): ValuesOf {
  return { kind: 'COLUMN', relation, column };
}

function wantedColumns(
  columns: readonly WrittenColumn[],
  { columns: names, checkColumn, maxColumns }: OutputStatisticsRequest,
): readonly WrittenColumn[] {
  const wanted =
    names?.map((name, index) => {
      const found = columns.find((column) => column.name === name);
      if (found) return found;
      const known = columns.slice(0, 50).map((column) => column.name);
      throw badInput(
        `There is no column "${name}" to read. There are: ${known.join(', ') || 'none'}.`,
        `columns[${index}]`,
      );
    }) ?? columns;
  if (wanted.length > maxColumns) {
    throw badInput(
      `The output has ${wanted.length} columns. Name those that you ask for, at most ${maxColumns}.`,
      'columns',
    );
  }
  wanted.forEach(({ name }) => checkColumn(name));
  return wanted;
}
