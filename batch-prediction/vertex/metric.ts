import type { MetricRequest } from '../batch-predictions.js';

const PERCENTILES = { P50: 0.5, P90: 0.9, P99: 0.99 } as const;

/** One aggregate over a stream of predictions. Variance by Welford's method: sums of squares lose digits. */
export class MetricAccumulator {
  #count = 0;
  #mean = 0;
  #squares = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  /** Only percentiles need all values. */
  readonly #values: number[] = [];

  constructor(private readonly request: MetricRequest) {}

  add(prediction: Readonly<Record<string, unknown>>): void {
    const value = numberAt(prediction, this.request.field);
    const over = this.request.over === null ? 1 : numberAt(prediction, this.request.over);
    if (value === null || over === null || over === 0) return;
    this.#take(value / over);
  }

  /** null when there was nothing to aggregate; a count is 0 then. */
  get result(): number | null {
    const { metric } = this.request;
    if (metric === 'COUNT') return this.#count;
    if (this.#count === 0) return null;
    switch (metric) {
      case 'AVG':
        return this.#mean;
      case 'SUM':
        return this.#sum;
      case 'MIN':
        return this.#min;
      case 'MAX':
        return this.#max;
      case 'VARIANCE':
        return this.#count > 1 ? this.#squares / (this.#count - 1) : null;
      case 'STDDEV':
        return this.#count > 1 ? Math.sqrt(this.#squares / (this.#count - 1)) : null;
      default:
        return percentile(this.#values, PERCENTILES[metric]);
    }
  }

  #take(value: number): void {
    this.#count += 1;
    const delta = value - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (value - this.#mean);
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    if (this.request.metric in PERCENTILES) this.#values.push(value);
  }
}

/** Interpolates between two values by the position of the rank (the continuous percentile of SQL). */
function percentile(values: readonly number[], share: number): number {
  // A typed array of numbers sorts several times as fast as an array with a comparison function, and sorting blocks the
  // process.
  const sorted = Float64Array.from(values).sort();
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)]!;
  const above = sorted[Math.ceil(rank)]!;
  return below + (above - below) * (rank - Math.floor(rank));
}

function numberAt(prediction: Readonly<Record<string, unknown>>, path: string): number | null {
  let value: unknown = prediction;
  for (const step of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  }
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
