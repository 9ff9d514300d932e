import {
  priceReplicaHours,
  DEFAULT_BATCH_SIZE,
  estimateBatchPrediction,
  type BatchPredictionCost,
  type BatchWork,
} from './batch-prediction-cost.js';
import { ZERO, type Decimal } from './decimal.js';
import type { CostEstimate } from './cost-estimate.js';
import type { MachineInput } from './machine-usage.js';
import { METERS } from './meters.js';
import { estimateFeaturestore, type FeaturestoreCost } from './featurestore-cost.js';
import { BYTES_PER_TIB, estimateHistoricalQuery, priceBilledBytes } from './historical-query-cost.js';
import { measuredBatch, type MeasuredBatch, type ModelCostHistory } from './model-cost-history.js';
import { estimateOnlinePrediction, type OnlinePredictionCost } from './online-prediction-cost.js';
import { resolveUnitPrice, type BookChoice, type PriceBook, type PriceBooks } from './price-book.js';
import { compareServing, type ServingComparison, type ServingComparisonRequest } from './serving-comparison.js';

/** The price book, by its id or name, or by the location of the work; null: that of the configuration. */
export type WithPriceBook = BookChoice;

/** The model whose past jobs tell how long a batch takes; null: none. */
export interface WithModel {
  readonly model?: string | null | undefined;
}

export interface UsedReplicaHours extends MachineInput, WithPriceBook {
  readonly replicaHours: number;
}

export interface HistoricalQueryCost extends WithPriceBook {
  /** In all. */
  readonly bytes: bigint;
  /** With the minimum that a warehouse bills for each table and query; default: `bytes`. */
  readonly billedBytes?: bigint;
  /** How many times each source is scanned for them; default: once. */
  readonly scans?: number;
  /** Whether the result becomes a table of BigQuery; default: no. */
  readonly makesTable?: boolean;
}

/**
 * The entry point for all estimates, for the GraphQL API, the command line and job starts. It finds the price book and
 * the measurements; pure functions compute the figures. A refusal is an AppError with the field.
 */
export class CostEstimator {
  readonly books: PriceBooks;
  readonly #history: Pick<ModelCostHistory, 'runs'>;

  constructor(books: PriceBooks, history: Pick<ModelCostHistory, 'runs'>) {
    this.books = books;
    this.#history = history;
  }

  async batchPrediction(request: BatchPredictionCost & WithModel & WithPriceBook): Promise<CostEstimate> {
    return this.#estimate(request, METERS.machineHour, async (book) =>
      estimateBatchPrediction(book, request, await this.#measured(book, request)),
    );
  }

  /** The default machine; null: the book has one price for all. */
  defaultMachine(priceBook: string | null): string | null {
    return findDefaultMachine(this.books.find(priceBook));
  }

  /** Hours that are billed for all replicas of a job before their first batch. */
  startupHours({ startingReplicaCount, ...choice }: BatchWork & WithPriceBook): number {
    const { book } = this.books.choose(choice, METERS.machineHour);
    const minutes = book.meters.get(METERS.machineHour)?.startup?.minutes ?? ZERO;
    return minutes
      .times(startingReplicaCount ?? 1)
      .dividedBy(60)
      .toNumber();
  }

  /** The cost of a job by the replica hours that it used. */
  costSoFar({ replicaHours, priceBook, ...machine }: UsedReplicaHours): CostEstimate {
    return priceReplicaHours(this.books.find(priceBook), machine, replicaHours);
  }

  /** The cost of queries by what they were billed, each with its minimum. */
  billedSoFar({ billedBytes, priceBook }: BookChoice & { readonly billedBytes: bigint }): CostEstimate {
    return priceBilledBytes(this.books.find(priceBook), billedBytes);
  }

  async onlinePrediction(request: OnlinePredictionCost & WithPriceBook): Promise<CostEstimate> {
    return this.#estimate(request, METERS.machineHour, (book) => estimateOnlinePrediction(book, request));
  }

  async featurestore(request: FeaturestoreCost & WithPriceBook): Promise<CostEstimate> {
    return this.#estimate(request, METERS.onlineNodeHour, (book) => estimateFeaturestore(book, request));
  }

  async historicalQuery(query: HistoricalQueryCost): Promise<CostEstimate> {
    return this.#estimate(query, METERS.offlineScan, (book) => estimateHistoricalQuery(book, query));
  }

  /** Dollars for a billed byte of a query in a location; null where no book has a price of queries. */
  pricePerByte(choice: BookChoice): Decimal | null {
    const { book } = this.books.choose(choice, METERS.offlineScan);
    const price = book.meters.get(METERS.offlineScan)?.prices[0];
    return price ? resolveUnitPrice(book, price).dividedBy(BYTES_PER_TIB) : null;
  }

  async compareServing(request: ServingComparisonRequest & WithModel & WithPriceBook): Promise<ServingComparison> {
    const { book, assumptions } = this.books.choose(request, METERS.machineHour);
    const comparison = compareServing(book, request, await this.#measured(book, request));
    const withChoice = (estimate: CostEstimate) => ({
      ...estimate,
      assumptions: [...assumptions, ...estimate.assumptions],
    });
    return { ...comparison, batch: withChoice(comparison.batch), online: withChoice(comparison.online) };
  }

  async #estimate(
    choice: BookChoice,
    meter: string,
    make: (book: PriceBook) => CostEstimate | Promise<CostEstimate>,
  ): Promise<CostEstimate> {
    const { book, assumptions } = this.books.choose(choice, meter);
    const estimate = await make(book);
    return { ...estimate, assumptions: [...assumptions, ...estimate.assumptions] };
  }

  async #measured(
    book: PriceBook,
    { model, secondsPerBatch, ...work }: BatchWork & WithModel,
  ): Promise<MeasuredBatch | null> {
    if (typeof model !== 'string' || typeof secondsPerBatch === 'number') return null;
    return measuredBatch(await this.#history.runs(model), {
      // Past jobs on the default machine count when the request names no machine.
      machineType: work.machineType ?? findDefaultMachine(book),
      acceleratorType: work.acceleratorType ?? null,
      acceleratorCount: work.acceleratorCount ?? null,
      batchSize: work.batchSize ?? DEFAULT_BATCH_SIZE,
    });
  }
}

function findDefaultMachine(book: PriceBook): string | null {
  return book.meters.get(METERS.machineHour)?.prices[0]?.resource ?? null;
}
