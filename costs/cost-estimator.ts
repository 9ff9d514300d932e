import {
  priceReplicaHours,
  DEFAULT_BATCH_SIZE,
  estimateBatchPrediction,
  type BatchPredictionCost,
  type BatchWork,
} from './batch-prediction-cost.js';
import { ZERO } from './decimal.js';
import type { CostEstimate } from './cost-estimate.js';
import type { MachineInput } from './machine-usage.js';
import { METERS } from './meters.js';
import { estimateFeaturestore, type FeaturestoreCost } from './featurestore-cost.js';
import { estimateHistoricalQuery } from './historical-query-cost.js';
import { measuredBatch, type MeasuredBatch, type ModelCostHistory } from './model-cost-history.js';
import { estimateOnlinePrediction, type OnlinePredictionCost } from './online-prediction-cost.js';
import type { PriceBook, PriceBooks } from './price-book.js';
import { compareServing, type ServingComparison, type ServingComparisonRequest } from './serving-comparison.js';

/** The price book, by its id or name; null: that of the configuration. */
export interface WithPriceBook {
  readonly priceBook?: string | null | undefined;
}

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
    const book = this.books.find(request.priceBook);
    return estimateBatchPrediction(book, request, await this.#measured(book, request));
  }

  /** The default machine; null: the book has one price for all. */
  defaultMachine(priceBook: string | null): string | null {
    return findDefaultMachine(this.books.find(priceBook));
  }

  /** Hours that are billed for all replicas of a job before their first batch. */
  startupHours({ startingReplicaCount, priceBook }: BatchWork & WithPriceBook): number {
    const minutes = this.books.find(priceBook).meters.get(METERS.machineHour)?.startup?.minutes ?? ZERO;
    return minutes
      .times(startingReplicaCount ?? 1)
      .dividedBy(60)
      .toNumber();
  }

  /** The cost of a job by the replica hours that it used. */
  costSoFar({ replicaHours, priceBook, ...machine }: UsedReplicaHours): CostEstimate {
    return priceReplicaHours(this.books.find(priceBook), machine, replicaHours);
  }

  async onlinePrediction(request: OnlinePredictionCost & WithPriceBook): Promise<CostEstimate> {
    return estimateOnlinePrediction(this.books.find(request.priceBook), request);
  }

  async featurestore(request: FeaturestoreCost & WithPriceBook): Promise<CostEstimate> {
    return estimateFeaturestore(this.books.find(request.priceBook), request);
  }

  async historicalQuery({ priceBook, ...query }: HistoricalQueryCost): Promise<CostEstimate> {
    return estimateHistoricalQuery(this.books.find(priceBook), query);
  }

  async compareServing(request: ServingComparisonRequest & WithModel & WithPriceBook): Promise<ServingComparison> {
    const book = this.books.find(request.priceBook);
    return compareServing(book, request, await this.#measured(book, request));
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
