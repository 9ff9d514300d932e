/** What is kept of a job's cost: no part of what was asked for, so that the same request stays the same. */
export interface JobCost {
  readonly work: JobWork;
  readonly estimate: StoredEstimate;
  /** Of the guard (costs/cost-guard.ts). */
  readonly admission: string;
  /** Whether the real cost has taken the place of the estimate. Until then the job is not done with, though it has ended. */
  readonly isSettled: boolean;
}

/** What a job would use, for an estimate of its cost. */
export type JobWork = BatchWork | ScanWork;

/** Batches of rows on replicas. */
export interface BatchWork {
  readonly kind: 'BATCHES';
  readonly model: string;
  /** null: nobody knows before they are read. */
  readonly rows: bigint | null;
  readonly batchSize: number;
  readonly startingReplicaCount: number;
  /** null: the one machine there is. */
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  /** By id or name; null: the one of the configuration. */
  readonly priceBook: string | null;
}

/** A query of an offline store. */
export interface ScanWork {
  readonly kind: 'SCAN';
  /** At most, in all. */
  readonly bytes: bigint;
  /** How often each source is scanned. Absent: once. */
  readonly scans?: number;
  /** By id or name; null: the one of the configuration. */
  readonly priceBook: string | null;
}

/** An estimate as plain data: decimals as text, the price book by what names it. */
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
