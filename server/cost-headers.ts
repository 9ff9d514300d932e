/**
 * Names of headers (docs/limits.md). Counting what an answer has takes time, so a client asks for it: with `SHOW_COST` in its
 * request it gets `USED_COST` in the answer.
 */
export const SHOW_COST = 'x-show-cost';
export const USED_COST = 'x-cost-used';
