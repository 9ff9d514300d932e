import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyedList, ListKeys } from '../../../runtime/keyed-list.js';

it('is read like a Map of the same entries', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(fc.string(), fc.integer()), { selector: ([key]) => key }), (entries) => {
      const map = new Map(entries);
      const list = new KeyedList(new ListKeys(map.keys()), [...map.values()]);
      const visited: unknown[] = [];
      list.forEach((value, key) => visited.push([key, value]));
      expect([...list]).toEqual(entries);
      expect([...list.entries()]).toEqual(entries);
      expect(visited).toEqual(entries);
      expect([...list.keys()]).toEqual([...map.keys()]);
      expect([...list.values()]).toEqual([...map.values()]);
      expect(list.size).toBe(map.size);
      for (const key of [...map.keys(), 'other']) {
        expect([list.has(key), list.get(key)]).toEqual([map.has(key), map.get(key)]);
      }
    }),
  );
});
