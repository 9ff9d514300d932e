import { badInput } from '../errors/app-error.js';
import { quantity } from './quantities.js';
import type { Decimal } from './decimal.js';

/** Nodes that run whether used or not, between two bounds according to load. */
export interface NodeRangeInput {
  readonly minNodes?: number | null | undefined;
  /** null: minNodes. */
  readonly maxNodes?: number | null | undefined;
  /** The average number of nodes, as far as it is known; null: maxNodes, because a low guess is the dangerous one. */
  readonly averageNodes?: number | null | undefined;
}

export interface NodeRange {
  readonly least: Decimal;
  readonly most: Decimal;
  /** The number of nodes in the estimate. */
  readonly nodes: Decimal;
  readonly assumptions: readonly string[];
}

export function nodeRange({ minNodes, maxNodes, averageNodes }: NodeRangeInput): NodeRange {
  const least = quantity('minNodes', minNodes ?? 1);
  const most = quantity('maxNodes', maxNodes ?? minNodes ?? 1);
  if (most.lessThan(least)) throw badInput(`"maxNodes" is less than "minNodes", ${least.toFixed()}.`, 'maxNodes');
  const nodes = typeof averageNodes === 'number' ? quantity('averageNodes', averageNodes) : most;
  if (nodes.lessThan(least) || nodes.greaterThan(most)) {
    throw badInput(
      `"averageNodes" is from "minNodes" to "maxNodes", ${least.toFixed()} to ${most.toFixed()}.`,
      'averageNodes',
    );
  }
  const isRange = !least.equals(most);
  const reason =
    typeof averageNodes === 'number' ? 'the average given' : 'the most there can be, as no average is given';
  return {
    least,
    most,
    nodes,
    assumptions: isRange
      ? [`Counted with ${nodes.toFixed()} nodes, ${reason}; there can be ${least.toFixed()} to ${most.toFixed()}.`]
      : [],
  };
}
