import { PICTURE_IDS, readPicture, type Picture } from '../pictures.ts';
import { compressionQuality } from './compression-quality.ts';
import { entropy } from './entropy.ts';
import { saliency } from './saliency.ts';
import { similarity } from './similarity.ts';

/** What the participatory measure compares with: the picture a person points at and says "more like this one". */
export const QUERY = 'photo_01_whole';

/** The four relevance features of a picture, each from 0 to 1, as the registry names them. */
export interface Measures {
  readonly propositional_entropy: number;
  readonly perspectival_saliency: number;
  readonly participatory_similarity: number;
  readonly procedural_quality: number;
}

export function measure(picture: Picture, query: Picture): Measures {
  return {
    propositional_entropy: round(entropy(picture)),
    perspectival_saliency: round(saliency(picture)),
    participatory_similarity: round(similarity(picture, query)),
    procedural_quality: round(compressionQuality(picture)),
  };
}

export function measureAll(): ({ readonly image: string } & Measures)[] {
  const query = readPicture(QUERY)!;
  return PICTURE_IDS.map((image) => ({ image, ...measure(readPicture(image)!, query) }));
}

/** Six decimals are more than a measure means, and the same on every machine. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
