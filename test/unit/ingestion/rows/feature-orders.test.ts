import { expect, it } from 'vitest';
import { firstOrder, toRowValues, type FeatureOrder } from '../../../../ingestion/rows/feature-orders.js';
import { KeyedList } from '../../../../runtime/keyed-list.js';
import { smallRegistry } from '../../../support/small-registry.js';

const { features, ...rest } = smallRegistry().entityType('lab', 'sample');

/** The order of all features with a number: 0 is that of the registry, and each has another one. */
function orderOf(number: number): typeof features {
  const left = [...features];
  const order: (typeof features)[number][] = [];
  for (let rest = number; left.length > 0; rest = Math.floor(rest / (left.length + 1))) {
    order.unshift(...left.splice(left.length - 1 - (rest % left.length), 1));
  }
  return order;
}

it('gives rows with the same features in the same order the same keys', () => {
  const entityType = { features, ...rest };
  const [first, second] = [1, 2].map(() =>
    toRowValues(
      entityType,
      features,
      features.map(() => null),
    ),
  );
  expect(first).toBeInstanceOf(KeyedList);
  expect((first as KeyedList<unknown, unknown>).sharedKeys).toBe((second as KeyedList<unknown, unknown>).sharedKeys);
});

it('has the values of each row also when clients write in more orders than it keeps', () => {
  const entityType = { features, ...rest };
  for (let number = 0; number < 2_000; number += 1) {
    const order = orderOf(number);
    const values = order.map((_, index) => `value ${index}`);
    expect([...toRowValues(entityType, order, values)]).toEqual(
      order.map((feature, index) => [feature, values[index]]),
    );
  }
  // The last order had no place any more.
  const isKept = (order: typeof features): boolean => {
    let at: FeatureOrder | undefined = firstOrder(entityType);
    for (const { name } of order) at = at?.next(name);
    return at !== undefined;
  };
  expect([isKept(orderOf(0)), isKept(orderOf(1_999))]).toEqual([true, false]);
});

it('has no place for an unknown feature and for one that the row has already', () => {
  const [first] = features;
  const order = firstOrder({ features, ...rest }).next(first!.name);
  expect(order?.next('nope')).toBeUndefined();
  expect(order?.next(first!.name)).toBeUndefined();
});
