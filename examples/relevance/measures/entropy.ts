import { luminance, type Picture } from '../pictures.ts';

const LEVELS = 256;

/**
 * Propositional knowing, that something is so: how much there is to be said. Shannon entropy of the 256 levels of
 * brightness, as a share of the 8 bits it can have at most. 0: one level only.
 */
export function entropy(picture: Picture): number {
  const counts = new Array<number>(LEVELS).fill(0);
  const levels = luminance(picture);
  for (const level of levels) counts[Math.round(level)]! += 1;
  const bits = counts
    .filter((count) => count > 0)
    .map((count) => count / levels.length)
    .reduce((sum, share) => sum - share * Math.log2(share), 0);
  return bits / Math.log2(LEVELS);
}
