/**
 * A store, but for what is changed. All else goes to the store itself and not to this, which has none of its private fields;
 * so it cannot be spread.
 */
export function storeWith<Store extends object>(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get: (whole, name) => {
      if (Object.hasOwn(changes, name)) return changes[name as keyof Store];
      const member: unknown = Reflect.get(whole, name, whole);
      return typeof member === 'function' ? (member.bind(whole) as unknown) : member;
    },
  });
}
