/** The stored cost of a job. It is not part of the request, so that equal requests stay equal. */
export interface JobCost {
  readonly work: JobWork;
  readonly estimate: StoredEstimate;
  /** The admission's id in the guard (costs/budget-guard.ts). */
  readonly admission: string;
  /** Whether the actual cost has replaced the estimate. Until then, the job is unfinished although it has ended. */
  readonly isSettled: boolean;
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
  /** By id or name; null: that of the configuration. */
  readonly priceBook: string | null;
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
  /** By id or name; null: that of the configuration. */
  readonly priceBook: string | null;
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
