import { isMap, parseDocument } from 'yaml';
import { OperatorError } from '../errors/operator-error.js';

export type Direction = 'switch' | 'back';

export interface Swap {
  /** The text of the registry file after it: comments and order stay. */
  readonly text: string;
  /** The featurestores whose stores changed places. */
  readonly swapped: readonly string[];
  /** The featurestores that were as wanted before. */
  readonly unchanged: readonly string[];
}

/**
 * Makes the shadow store of each migrating featurestore the one that serves, and the serving one the shadow; `back` does
 * the reverse. Both stores keep getting each write, so that neither direction loses a value.
 */
export function swapStores(text: string, direction: Direction, only: string | null): Swap {
  const document = parseDocument(text);
  const featurestores = document.get('featurestores');
  const maps = isSeq(featurestores) ? featurestores.items.filter(isMap) : [];
  const swapped: string[] = [];
  const unchanged: string[] = [];
  for (const featurestore of maps) {
    const name = String(featurestore.get('name'));
    const shadow = featurestore.get('shadow');
    if (!isMap(shadow) || (only !== null && name !== only)) continue;
    const kinds = [kindOf(featurestore.get('onlineStore')), kindOf(shadow.get('onlineStore'))];
    if (!kinds.includes('VERTEX_LEGACY')) continue;
    const servesLegacy = kinds[0] === 'VERTEX_LEGACY';
    if (servesLegacy !== (direction === 'switch')) {
      unchanged.push(name);
      continue;
    }
    const serving = featurestore.get('onlineStore', true);
    featurestore.set('onlineStore', shadow.get('onlineStore', true));
    shadow.set('onlineStore', serving);
    swapped.push(name);
  }
  if (swapped.length + unchanged.length === 0) {
    throw new OperatorError(
      only === null
        ? 'No featurestore of the registry has a legacy store and another one as serving store and shadow.'
        : `Featurestore "${only}" of the registry has no legacy store and another one as serving store and shadow.`,
    );
  }
  return { text: swapped.length === 0 ? text : document.toString({ lineWidth: 0 }), swapped, unchanged };
}

function isSeq(node: unknown): node is { readonly items: readonly unknown[] } {
  return typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items) && !isMap(node);
}

function kindOf(node: unknown): unknown {
  return isMap(node) ? node.get('kind') : undefined;
}
