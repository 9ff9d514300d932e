import { expect } from 'vitest';
import { readMicros } from '../google/bigquery-server/schema.js';
import { toWireValue } from '../google/vertex/bigquery-types.js';
import { PLACE } from '../google/vertex-world.js';
import type { LargeType } from './large-project.js';
import { DATASET, type MigrationWorld } from './migration-world.js';

/** Each resource of the plan is there, and was made once. */
export function expectOnceEach(world: MigrationWorld): void {
  const { views, operations } = world.vertex;
  const exports = [...operations.all.values()].filter(({ metadataType }) => metadataType.startsWith('ExportFeature'));
  expect(exports).toHaveLength(80);
  expect(views.featureGroups.size).toBe(40);
  const features = [...views.featureGroups.values()].flatMap((group) => group.features.map(({ name }) => name));
  expect([features.length, new Set(features).size]).toEqual([2000, 2000]);
  const stores = [...views.onlineStores.values()];
  expect(stores.map((store) => store.views.size)).toEqual([30, 10]);
  for (const view of stores.flatMap((store) => [...store.views.values()])) expect(view.syncs).toHaveLength(2);
  const { tables } = world.bigQuery;
  expect(tables.idsOf(PLACE.project, DATASET)).toHaveLength(40 * 3);
  const readers = tables.dataset(PLACE.project, DATASET).access.filter(({ role }) => role === 'READER');
  expect([readers.length, new Set(readers.map(({ userByEmail }) => userByEmail)).size]).toEqual([40, 40]);
}

/** Each value that the legacy featurestore ever had is in the table once, and each newest one in the view. */
export function expectEqualValues(world: MigrationWorld, types: readonly LargeType[]): void {
  for (const { featurestore, name, legacy, features } of types) {
    const group = name === 'customer' ? `${featurestore}_customer` : name;
    const { fields, rows } = world.bigQuery.tables.get(PLACE.project, DATASET, `${group}__values`);
    const indexOf = (column: string): number => fields.findIndex((field) => field.name === column);
    const [id, time] = [indexOf('entity_id'), indexOf('feature_timestamp')];
    const keys = rows.map((row) => `${row[id]!.string_value}@${readMicros(row[time]!)}`);
    expect(new Set(keys).size).toBe(keys.length);
    const moved = rows.flatMap((row) =>
      features.flatMap((feature) => {
        const value = toWireValue(feature.type, row[indexOf(feature.name)]!);
        return value ? [[`${row[id]!.string_value}/${feature.name}@${readMicros(row[time]!)}`, plain(value)]] : [];
      }),
    );
    const old = [...legacy.values.history].map(([key, { value }]) => [key, plain(value)]);
    expect(moved.toSorted(byKey)).toEqual(old.toSorted(byKey));

    const view = [...world.vertex.views.onlineStores.values()]
      .flatMap((store) => [...store.views.values()])
      .find(({ resource }) => resource.name.endsWith(`/${group}`))!;
    for (const entity of ['e1', 'e2', 'e3']) {
      for (const feature of features) {
        const served = view.values.row(JSON.stringify([entity]))?.get(feature.name);
        const kept = legacy.values.row(entity)?.get(feature.name);
        expect([served?.time, served && plain(served.value)]).toEqual([kept?.time, kept && plain(kept.value)]);
      }
    }
  }
}

const plain = (wire: any): string => JSON.stringify(wire[wire.value]);
const byKey = ([one]: unknown[], [other]: unknown[]): number => (String(one) < String(other) ? -1 : 1);
