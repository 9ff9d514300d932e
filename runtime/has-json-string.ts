/**
 * Whether a line of JSON has one of some strings, which are in JSON themselves: `"a"`. It takes one pass, however many there
 * are. To look for each of a thousand in 16 MiB of lines took two minutes. A string that the end of the line cuts off is none.
 */
export function hasJsonString(line: string, strings: Pick<ReadonlySet<string>, 'has'>): boolean {
  for (let start = line.indexOf('"'); start >= 0;) {
    let end = line.indexOf('"', start + 1);
    while (end >= 0 && isEscaped(line, end)) end = line.indexOf('"', end + 1);
    if (end < 0) return false;
    if (strings.has(line.slice(start, end + 1))) return true;
    start = line.indexOf('"', end + 1);
  }
  return false;
}

/** Two backslashes are one that is a character. */
function isEscaped(line: string, quote: number): boolean {
  let first = quote;
  while (line[first - 1] === '\\') first -= 1;
  return (quote - first) % 2 === 1;
}

/**
 * The change of a log's lines that have one of some ids: `change` gets each of them decoded. The others, which are most, stay as they are
 * without a parser. A line with an id that cannot be decoded is removed.
 */
export function changeLinesWith<Decoded>(
  ids: readonly string[],
  decode: (line: string) => Decoded | undefined,
  change: (decoded: Decoded, line: string) => string | null,
): (line: string) => string | null {
  const strings = new Set(ids.map((id) => JSON.stringify(id)));
  return (line) => {
    if (!hasJsonString(line, strings)) return line;
    const decoded = decode(line);
    return decoded === undefined ? null : change(decoded, line);
  };
}
