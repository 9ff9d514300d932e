import type { Access } from '../auth/policy/access.js';
import { permissionDenied } from '../auth/policy/permission.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';

/**
 * Refuses a table that the principal may not read: by the rules about tables, and, for a table with values of a source, by
 * those about features. A job reads whole rows, so the principal must be able to read all features of the source, of all
 * entities.
 */
export function checkTable(
  { access, registry }: { readonly access: Access; readonly registry: Registry },
  table: string,
  field: string,
): void {
  if (access.isUnrestricted) return;
  if (access.mayUseTable('READ_TABLE', table) && mayReadSources(access, registry, table)) return;
  throw permissionDenied('You may not read this table.', field);
}

function mayReadSources(access: Access, registry: Registry, table: string): boolean {
  const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes.flatMap((each) => each.sources));
  return sources
    .filter((source) => mayBeTableOf(source, table))
    .every(({ entityType, features }) => {
      const { everywhere } = access.reads(entityType);
      return features.every((feature) => everywhere.has(feature));
    });
}

/**
 * Whether a request can mean the table of a source by this name. The store decides what a name without a dataset means, so
 * every table with the name in BigQuery counts.
 */
function mayBeTableOf({ entityType, name, bigQueryTable }: FeatureSource, table: string): boolean {
  const asked = table.replaceAll('`', '').toLowerCase();
  const embedded = `${entityType.name}.${name}`.toLowerCase();
  const remote = (bigQueryTable ?? `${entityType.name}__${name}`).toLowerCase();
  return (
    asked === embedded ||
    asked === `${entityType.featurestore.name.toLowerCase()}.${embedded}` ||
    lastPart(asked) === lastPart(remote)
  );
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
