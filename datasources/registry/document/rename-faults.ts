import type { FeaturestoreDocument } from './document.js';
import type { Fault } from '../../../runtime/yaml/fault.js';

interface Named {
  readonly name: string;
  readonly renamedFrom: string | null;
}

/** Renames that cannot be done: a name that is in use, or values that are in stores which the gateway does not rename. */
export function renameFaults(featurestore: FeaturestoreDocument, path: readonly PropertyKey[]): Fault[] {
  const { entityTypes, onlineStore, offlineStore, shadow } = featurestore;
  const isEmbedded = onlineStore.kind === 'LMDB' && offlineStore.kind === 'DUCKDB' && shadow === null;
  const check = (items: readonly Named[], pathOf: (index: number) => readonly PropertyKey[]): Fault[] =>
    items.flatMap((item, index) =>
      faultsOf(item, index, items, isEmbedded).map((message) => ({ path: [...pathOf(index), 'renamedFrom'], message })),
    );
  return [
    ...check(entityTypes, (index) => [...path, 'entityTypes', index]),
    ...entityTypes.flatMap(({ sources }, type) => {
      const ofType = [...path, 'entityTypes', type, 'sources'];
      const features = sources.flatMap((source, index) =>
        source.features.map((feature, position) => ({ feature, path: [...ofType, index, 'features', position] })),
      );
      return [
        ...check(sources, (index) => [...ofType, index]),
        ...check(
          features.map(({ feature }) => feature),
          (index) => features[index]!.path,
        ),
      ];
    }),
  ];
}

function faultsOf({ renamedFrom }: Named, index: number, items: readonly Named[], isEmbedded: boolean): string[] {
  if (renamedFrom === null) return [];
  const isUsed = items.some(({ name }) => name === renamedFrom);
  const isTwice = items.some((other, position) => position < index && other.renamedFrom === renamedFrom);
  return [
    ...(isUsed ? [`"${renamedFrom}" is a name in use, so nothing is renamed; take it out`] : []),
    ...(isTwice ? [`"${renamedFrom}" is renamed twice`] : []),
    ...(isEmbedded ? [] : ['the gateway renames values in LMDB and DuckDB only; name the table or the column instead']),
  ];
}
