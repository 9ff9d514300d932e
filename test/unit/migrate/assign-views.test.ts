import { describe, expect, it } from 'vitest';
import { assignViews, type ViewPlaces } from '../../../migrate/assign-views.js';

const member = (group: string, ...features: string[]) => ({ group, features });
const assign = (members: ReturnType<typeof member>[], places: ViewPlaces[], wide = false) =>
  assignViews(members, places, { wide, prefix: 'p_' }).map(({ project, id, members: of }) => [
    project,
    id,
    of.map(({ group }) => group).toSorted(),
  ]);

describe('assignViews', () => {
  const members = [member('a', 'x'), member('b', 'y'), member('c', 'z', 'x')];

  it('gives each group a view of its own name, in the projects in their order', () => {
    const places = [
      { project: 'one', free: 2 },
      { project: 'two', free: 30 },
    ];
    expect(assign(members, places)).toEqual([
      ['one', 'a', ['a']],
      ['one', 'b', ['b']],
      ['two', 'c', ['c']],
    ]);
  });

  it('says the three ways out when the quota is not enough', () => {
    const refused = () => assign(members, [{ project: 'one', free: 2 }]);
    expect(refused).toThrow(/3 feature views are needed.*one: 2 more.*--view-quota.*--view-project.*--wide-views/s);
  });

  it('lets the smallest groups share a view, and never two with a feature of one name', () => {
    expect(assign(members, [{ project: 'one', free: 2 }], true)).toEqual([
      ['one', 'p_wide_1', ['a', 'b']],
      ['one', 'c', ['c']],
    ]);
    const alike = [member('a', 'x'), member('b', 'x'), member('c', 'y')];
    expect(assign(alike, [{ project: 'one', free: 2 }], true)).toHaveLength(2);
    expect(() => assign(alike, [{ project: 'one', free: 1 }], true)).toThrow('2 feature views are needed');
  });

  it('makes no view of more than 1,000 features', () => {
    const wide = (group: string) => member(group, ...Array.from({ length: 501 }, (_, index) => `${group}_${index}`));
    expect(() => assign([wide('a'), wide('b')], [{ project: 'one', free: 1 }], true)).toThrow('are needed');
  });

  it('counts a project with more views than its quota as full', () => {
    expect(() => assign([member('a', 'x')], [{ project: 'one', free: -3 }])).toThrow('one: 0 more');
  });
});
