/** The sizes of as few parts of `count` as have at most `most` each. They differ by at most one. */
export function splitEvenly(count: number, most: number): number[] {
  const parts = Math.ceil(count / most);
  return Array.from(
    { length: parts },
    (_, part) => Math.floor((count * (part + 1)) / parts) - Math.floor((count * part) / parts),
  );
}
