import { OperatorError } from '../errors/operator-error.js';
import type { TableAddress } from '../datasources/google/bigquery/tables.js';
import type { LegacyEntityType, LegacyFeaturestore } from '../datasources/google/vertex/legacy-featurestore.js';
import { isMovable, type MovableFeature } from './migration-losses.js';
import type { MigrationTarget } from './migration-target.js';

/** An entity type that moves, with the names of what is made for it. */
export interface MovedType {
  readonly legacy: LegacyFeaturestore;
  readonly entityType: LegacyEntityType;
  readonly features: readonly MovableFeature[];
  /** The id of its feature group. */
  readonly group: string;
  /** `shop.customer`, for the ids of steps. */
  readonly label: string;
  readonly firstExport: TableAddress;
  readonly secondExport: TableAddress;
  readonly table: TableAddress;
}

/** An entity type as a part of a feature view. */
export interface ViewOfType {
  readonly group: string;
  readonly features: readonly string[];
  readonly type: MovedType;
}

/** The name of a source, from which the table gets its name: `customer__values`. */
export const SOURCE = 'values';

/** The maximum length of a feature view's name, and of an entity type's name in the registry and in Vertex AI. */
const MAX_VIEW_NAME_LENGTH = 60;

/**
 * The entity types with a feature that can move. A project and region has one feature group of a name, so a name that
 * several featurestores have gets the name of its featurestore in front.
 */
export function listMovedTypes(legacies: readonly LegacyFeaturestore[], target: MigrationTarget): MovedType[] {
  const all = legacies.flatMap((legacy) => legacy.entityTypes.map((entityType) => ({ legacy, entityType })));
  const counts = new Map<string, number>();
  for (const { entityType } of all) counts.set(entityType.name, (counts.get(entityType.name) ?? 0) + 1);
  const moved = all.flatMap(({ legacy, entityType }): MovedType[] => {
    const features = entityType.features.filter(isMovable);
    if (features.length === 0) return [];
    const own = (counts.get(entityType.name) ?? 0) > 1 ? `${legacy.name}_${entityType.name}` : entityType.name;
    const group = `${target.prefix}${own}`;
    const inDataset = (table: string): TableAddress => ({ project: target.project, dataset: target.dataset, table });
    return [
      {
        legacy,
        entityType,
        features,
        group,
        label: `${legacy.name}.${entityType.name}`,
        firstExport: inDataset(`legacy_export__${group}`),
        secondExport: inDataset(`legacy_export_2__${group}`),
        table: inDataset(`${group}__${SOURCE}`),
      },
    ];
  });
  checkNames(moved);
  return moved;
}

/** An entity type whose features cannot move. Its values are exported, because nothing else keeps them after the end. */
export interface ExportedType {
  readonly label: string;
  readonly legacy: LegacyFeaturestore;
  readonly entityType: LegacyEntityType;
  readonly firstExport: TableAddress;
}

export function listExportedTypes(legacies: readonly LegacyFeaturestore[], target: MigrationTarget): ExportedType[] {
  return legacies.flatMap((legacy) =>
    legacy.entityTypes
      .filter(({ features }) => features.length > 0 && !features.some(isMovable))
      .map((entityType) => ({
        label: `${legacy.name}.${entityType.name}`,
        legacy,
        entityType,
        firstExport: {
          project: target.project,
          dataset: target.dataset,
          // The name of its featurestore keeps it apart from the tables of entity types that move.
          table: `legacy_export__${target.prefix}${legacy.name}__${entityType.name}`,
        },
      })),
  );
}

function checkNames(moved: readonly MovedType[]): void {
  const faults = [
    ...moved
      .filter(({ group }) => group.length > MAX_VIEW_NAME_LENGTH)
      .map(({ label, group }) => `${label} would be called ${group}, which is longer than ${MAX_VIEW_NAME_LENGTH}`),
    ...moved
      .filter(({ group }, index) => moved.findIndex((other) => other.group === group) < index)
      .map(({ label, group }) => `${label} would be called ${group}, as another entity type`),
  ];
  if (faults.length > 0) {
    throw new OperatorError('These entity types cannot have their new names. Choose another --prefix:', faults);
  }
}
