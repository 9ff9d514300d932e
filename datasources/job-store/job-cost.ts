import type { QueryReference } from '../offline/query-payer.js';

/** The stored cost of a job. It is not part of the request, so that equal requests stay equal. */
export interface JobCost {
  readonly work: JobWork;
  readonly estimate: StoredEstimate;
  /** The admission's id in the guard (costs/budget-guard.ts). */
  readonly admission: string;
  /** Whether the actual cost has replaced the estimate. Until then, the job is unfinished although it has ended. */
  readonly isSettled: boolean;
  /** In US dollars: the job is cancelled when it has cost more. Absent: it is not. */
  readonly cancelAboveUsd?: number;
  /** What a warehouse has billed so far for the queries of the job. Absent: the job has none, or they are not known. */
  readonly billedBytes?: bigint;
  /** Queries that were begun and whose bills are not in `billedBytes` yet. Absent: there are none. */
  readonly openQueries?: readonly OpenJobQuery[];
  /** Why the job was cancelled for its cost, for its owner. Absent: it was not. */
  readonly overLimit?: string;
}

export interface OpenJobQuery extends QueryReference {
  /** What the warehouse bills at least, which counts where it does not say more. */
  readonly minimumBytes: bigint;
}

/** The work of a job, for an estimate of its cost. */
export type JobWork = BatchWork | ScanWork;

/** Batches of rows on replicas. */
export interface BatchWork {
  readonly kind: 'BATCHES';
  readonly model: string;
  /** null: unknown before the rows are read. */
  readonly rows: bigint | null;
  readonly batchSize: number;
  readonly startingReplicaCount: number;
  /** null: the one machine. */
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  /** Whether the request names no machine, so that `machineType` is an assumption. Absent: no. */
  readonly isMachineAssumed?: boolean;
  /** The objects of an input in Cloud Storage. Absent: the input is elsewhere. null: they could not be listed. */
  readonly inputObjects?: { readonly count: number; readonly bytes: bigint } | null;
  /** By id or name; null: chosen by `location`. */
  readonly priceBook: string | null;
  /** The location of the work on Google Cloud, which decides its prices. Absent: that of the configured book. */
  readonly location?: string | undefined;
}

/** A query of an offline store. */
export interface ScanWork {
  readonly kind: 'SCAN';
  /** The maximum in all. */
  readonly bytes: bigint;
  /** The maximum that is billed, with the minimum of a warehouse for each table and query. Absent: `bytes`. */
  readonly billedBytes?: bigint;
  /** The number of scans of each source. Absent: one. */
  readonly scans?: number;
  /** Whether the result becomes a table of BigQuery. Absent: no. */
  readonly makesTable?: boolean;
  /** Whether this gateway runs the queries, so that it learns what each of them was billed. Absent: no. */
  readonly isMetered?: boolean;
  /** By id or name; null: chosen by `location`. */
  readonly priceBook: string | null;
  /** The location of the work on Google Cloud, which decides its prices. Absent: that of the configured book. */
  readonly location?: string | undefined;
}

/** An estimate as plain data: decimals are text, and names identify the price book. */
export interface StoredEstimate {
  readonly book: {
    readonly name: string;
    readonly region: string;
    /** YYYY-MM-DD */
    readonly effectiveDate: string;
    readonly source: string;
    readonly currency: 'USD';
  };
  readonly lines: readonly StoredLine[];
  readonly total: string;
  readonly assumptions: readonly string[];
  readonly perPrediction: string | null;
  readonly range: { readonly least: string; readonly most: string } | null;
}

export type StoredLine = Readonly<Record<'sku' | 'description' | 'quantity' | 'unit' | 'unitPrice' | 'amount', string>>;
