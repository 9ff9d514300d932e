import type { Instant } from '../../../values/instant.js';
import type { LegacyEntityType } from '../google/vertex/legacy-featurestores.js';
import type { StoredType } from '../google/vertex/stored-values.js';
import { START, type MigrationWorld } from './migration-world.js';

const DAY = 86_400_000_000n;
const TYPES: readonly StoredType[] = ['INT64', 'DOUBLE', 'STRING', 'BOOL', 'STRING_ARRAY'];

export interface LargeType {
  readonly featurestore: string;
  readonly name: string;
  readonly legacy: LegacyEntityType;
  readonly features: readonly { readonly name: string; readonly type: StoredType }[];
}

/**
 * 40 entity types and 2,000 features in two featurestores: one type has 700, and both featurestores have a type
 * `customer`. Each type has two entities with values of two days.
 */
export function addLargeProject(world: MigrationWorld): LargeType[] {
  const { legacy } = world.vertex;
  for (const featurestore of ['shop', 'branch']) {
    legacy.addFeaturestore(featurestore, { onlineServingConfig: { fixedNodeCount: 2 } });
  }
  return Array.from({ length: 40 }, (_, index) => {
    const featurestore = index < 25 ? 'shop' : 'branch';
    const name = index === 0 || index === 25 ? 'customer' : `type_${index}`;
    const count = index === 0 ? 700 : index <= 13 ? 34 : 33;
    const features = Array.from({ length: count }, (_, number) => ({
      name: `f_${index}_${number}`,
      type: TYPES[number % TYPES.length]!,
    }));
    const added = legacy.addEntityType(featurestore, name, {
      features: Object.fromEntries(features.map((feature) => [feature.name, feature.type])),
    });
    const type = { featurestore, name, legacy: added, features };
    for (const entity of ['e1', 'e2']) {
      for (const [row, days] of [100n, 3n].entries()) {
        features.forEach((_, number) => {
          // A second row has some of the features.
          if (row === 0 || number % 7 === 0) write(world, type, entity, number, START - days * DAY, row);
        });
      }
    }
    return type;
  });
}

/** Values that are written after the first export: new, late, and at the entity and time of values of the first one. */
export function writeInBetween(world: MigrationWorld, types: readonly LargeType[]): void {
  for (const type of types) {
    write(world, type, 'e1', 0, world.now - 1_000_000n, 7);
    write(world, type, 'e3', 2, START - 2n * DAY, 8);
    write(world, type, 'e2', 1, START - 3n * DAY, 9);
  }
}

function write(
  world: MigrationWorld,
  { legacy, features }: LargeType,
  entity: string,
  number: number,
  time: Instant,
  salt: number,
): void {
  const { name, type } = features[number]!;
  world.writeLegacy(legacy, entity, name, time, sample(type, number + salt * 1000));
}

function sample(type: StoredType, seed: number): object {
  switch (type) {
    case 'INT64':
      return { value: 'int64Value', int64Value: String(9_007_199_254_740_993n + BigInt(seed)) };
    case 'DOUBLE':
      return { value: 'doubleValue', doubleValue: seed / 3 };
    case 'STRING':
      return { value: 'stringValue', stringValue: `text "${seed}"` };
    case 'BOOL':
      return { value: 'boolValue', boolValue: seed % 2 === 0 };
    default:
      return { value: 'stringArrayValue', stringArrayValue: { values: [`a${seed}`, 'b'] } };
  }
}
