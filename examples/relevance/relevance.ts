import type { Measures } from './measures/measure.ts';

/** How much each kind of knowing says about what is relevant; the weights of a mode sum to 1. */
const MODES = {
  vervaekean: {
    propositional_entropy: 0.25,
    perspectival_saliency: 0.25,
    participatory_similarity: 0.25,
    procedural_quality: 0.25,
  },
  propositional: { propositional_entropy: 1 },
  perspectival: { perspectival_saliency: 1 },
  participatory: { participatory_similarity: 1 },
  procedural: { procedural_quality: 1 },
  /** Everything is as relevant as everything else: what the others are measured against. */
  uniform: {},
} satisfies Record<string, Partial<Record<keyof Measures, number>>>;

export type RelevanceMode = keyof typeof MODES;
export const RELEVANCE_MODES = Object.keys(MODES) as RelevanceMode[];

/** From 0 to 1: the weighted mean of the measures; 1 for all when the mode is uniform. */
export function relevance(mode: RelevanceMode, measures: Measures): number {
  const weights = Object.entries(MODES[mode]) as [keyof Measures, number][];
  return mode === 'uniform' ? 1 : weights.reduce((sum, [name, weight]) => sum + weight * measures[name], 0);
}

/** What of a budget a picture gets: its relevance, and at least the one token it takes to be there at all. */
export function tokensFor(budget: number, ofRelevance: number): number {
  return Math.max(1, Math.floor(budget * ofRelevance));
}
