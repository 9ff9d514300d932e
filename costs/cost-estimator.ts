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

/** By which book; its id or name, null: the one of the configuration. */
export interface WithPriceBook {
  readonly priceBook?: string | null | undefined;
}

/** Whose past jobs say how long a batch takes; null: nobody's. */
export interface WithModel {
  readonly model?: string | null | undefined;
}

export interface UsedReplicaHours extends MachineInput, WithPriceBook {
  readonly replicaHours: number;
}

export interface HistoricalQueryCost extends WithPriceBook {
  /** In all. */
  readonly bytes: bigint;
  /** How often each source is scanned for them; once when nothing is said. */
  readonly scans?: number;
}

/**
 * The one door to all estimates, for the GraphQL API, the command line and whoever starts jobs: finds the price book and
 * what was measured, and leaves the figures to pure functions. What it refuses is an AppError with the field.
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

  /** The machine that is priced when none is named; null: the book has one price for all. */
  defaultMachine(priceBook: string | null): string | null {
    return findDefaultMachine(this.books.find(priceBook));
  }

  /** Hours that all replicas of a job are billed before their first batch. */
  startupHours({ startingReplicaCount, priceBook }: BatchWork & WithPriceBook): number {
    const minutes = this.books.find(priceBook).meters.get(METERS.machineHour)?.startup?.minutes ?? ZERO;
    return minutes
      .times(startingReplicaCount ?? 1)
      .dividedBy(60)
      .toNumber();
  }

  /** What a job has cost by the replica hours that it used. */
  costSoFar({ replicaHours, priceBook, ...machine }: UsedReplicaHours): CostEstimate {
    return priceReplicaHours(this.books.find(priceBook), machine, replicaHours);
  }

  async onlinePrediction(request: OnlinePredictionCost & WithPriceBook): Promise<CostEstimate> {
    return estimateOnlinePrediction(this.books.find(request.priceBook), request);
  }

  async featurestore(request: FeaturestoreCost & WithPriceBook): Promise<CostEstimate> {
    return estimateFeaturestore(this.books.find(request.priceBook), request);
  }

  async historicalQuery({ bytes, scans, priceBook }: HistoricalQueryCost): Promise<CostEstimate> {
    return estimateHistoricalQuery(this.books.find(priceBook), bytes, scans);
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
      // The machine that is priced when none is named is the one whose past jobs count.
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
