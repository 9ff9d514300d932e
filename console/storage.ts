/**
 * What the page keeps in the browser, apart for each registry: a gateway that serves another registry at the same address
 * would otherwise open with tabs whose fields it does not have.
 */
export function storageOf(
  registry: string,
  kept: Storage,
): Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'clear' | 'length'> {
  const prefix = `${registry}/`;
  const keys = (): string[] => Object.keys(kept).filter((key) => key.startsWith(prefix));
  return {
    getItem: (key) => kept.getItem(prefix + key),
    setItem: (key, value) => kept.setItem(prefix + key, value),
    removeItem: (key) => kept.removeItem(prefix + key),
    clear: () => keys().forEach((key) => kept.removeItem(key)),
    get length() {
      return keys().length;
    },
  };
}
