import { priceUsage, type PricedUsage } from './price-usage.js';
import type { Decimal } from './decimal.js';
import { buildEstimate, sumLines, type CostEstimate } from './cost-estimate.js';
import { machineUsages, type MachineInput } from './machine-usage.js';
import { HOURS_PER_MONTH } from './meters.js';
import { nodeRange, type NodeRangeInput } from './node-range.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

export interface OnlinePredictionCost extends MachineInput, NodeRangeInput {
  /** How long the model is deployed; null: a month. */
  readonly hours?: number | null | undefined;
  /** The number of predictions in that time, which share the cost; null: not requested. */
  readonly predictions?: bigint | null | undefined;
}

/** An endpoint: nodes are billed while the model is deployed, whatever the number of predictions. */
export function estimateOnlinePrediction(book: PriceBook, endpoint: OnlinePredictionCost): CostEstimate {
  const hours = quantity('hours', endpoint.hours ?? HOURS_PER_MONTH);
  const predictions = typeof endpoint.predictions === 'bigint' ? quantity('predictions', endpoint.predictions) : null;
  const range = nodeRange(endpoint);
  const uses = (nodes: Decimal): PricedUsage[] =>
    machineUsages(endpoint, nodes.times(hours), 'deployed').map((usage) => priceUsage(book, usage));
  return buildEstimate(book, {
    uses: uses(range.nodes),
    predictions,
    assumptions: [
      `Nodes are billed for all ${hours.toFixed()} hours that the model is deployed, also without requests.`,
      ...range.assumptions,
      ...describeLoad(predictions, hours, range.nodes),
    ],
    range: { least: sumLines(uses(range.least)), most: sumLines(uses(range.most)) },
  });
}

/** The price does not tell whether the nodes can serve this load; the rate lets a reader judge it. */
function describeLoad(predictions: Decimal | null, hours: Decimal, nodes: Decimal): string[] {
  if (!predictions || hours.isZero() || nodes.isZero()) return [];
  const perSecond = predictions.dividedBy(hours.times(nodes).times(3600)).toSignificantDigits(3);
  return [
    `Each node must answer ${perSecond.toFixed()} predictions a second on average; whether it can is not checked.`,
  ];
}
