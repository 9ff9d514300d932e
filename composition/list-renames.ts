import type { EntityType, FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { Rename } from '../ingestion/registry-updates.js';

/** What the next registry gives another name. A rename that is served already is none. */
export function listRenames(present: Registry, next: Registry): Rename[] {
  return next.featurestores
    .flatMap(({ entityTypes }) => entityTypes)
    .flatMap((entityType) => {
      const before = findStoredType(present, entityType);
      return before ? ofEntityType(before, entityType) : [];
    });
}

/** The source as it is served now, by its present or its old name; undefined for a new one. */
export function findStored(present: Registry, source: FeatureSource): FeatureSource | undefined {
  return findByName(findStoredType(present, source.entityType)?.sources ?? [], source);
}

function findStoredType(present: Registry, entityType: EntityType): EntityType | undefined {
  return findByName(present.findFeaturestore(entityType.featurestore.name)?.entityTypes ?? [], entityType);
}

function ofEntityType(before: EntityType, after: EntityType): Rename[] {
  const renames: Rename[] = [];
  const [from, to] = [nameOf(before), nameOf(after)];
  if (from !== to) renames.push({ kind: 'ENTITY_TYPE', from, to });
  for (const source of after.sources) {
    const stored = findByName(before.sources, source);
    if (!stored) continue;
    if (stored.name !== source.name) {
      renames.push({ kind: 'SOURCE', from: `${from}.${stored.name}`, to: `${to}.${source.name}` });
    }
    for (const feature of source.features) {
      const known = findByName(stored.features, feature);
      if (known && known.name !== feature.name) {
        renames.push({ kind: 'FEATURE', from: `${from}.${known.name}`, to: `${to}.${feature.name}` });
      }
    }
  }
  return renames;
}

/** Among the present ones: one of the same name, or else one of the old name. */
function findByName<Named extends { readonly name: string; readonly renamedFrom: string | null }>(
  present: readonly Named[],
  { name, renamedFrom }: Pick<Named, 'name' | 'renamedFrom'>,
): Named | undefined {
  return present.find((one) => one.name === name) ?? present.find((one) => one.name === renamedFrom);
}

function nameOf({ name, featurestore }: EntityType): string {
  return `${featurestore.name}.${name}`;
}
