import type { FeatureSource } from '../../datasources/registry/model.js';
import { badInput } from '../../errors/app-error.js';
import type { StartSourceRefresh } from '../source-refreshes.js';

/** The sources with SQL that a request names; it fails if there are none. */
export function listRefreshed({
  entityType: { name, sources },
  source,
}: Pick<StartSourceRefresh, 'entityType' | 'source'>): readonly FeatureSource[] {
  const computed = sources.filter(({ sql }) => sql !== null);
  if (computed.length === 0) {
    throw badInput(`The entity type "${name}" has no source with SQL: clients write its values.`, 'entityType');
  }
  if (source === null) return computed;
  const found = computed.filter((one) => one.name === source);
  if (found.length > 0) return found;
  const names = computed.map((one) => one.name).join(', ');
  throw badInput(`The entity type "${name}" has no source "${source}" with SQL. It has: ${names}.`, 'source');
}
