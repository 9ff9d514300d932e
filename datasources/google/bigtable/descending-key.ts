/**
 * A text that sorts before that of every smaller id: Bigtable reads rows in ascending order only. The last character
 * ensures this also for an id that begins another.
 */
export function toDescendingKey(id: string): string {
  const inverted = Buffer.from(id).map((byte) => 0xff - byte);
  return `${Buffer.from(inverted).toString('hex')}~`;
}
