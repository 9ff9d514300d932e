const SPACE = /[ \t\r\n]/;

/** The number of keys in the text of valid JSON. A key that an object names twice counts twice; JSON.parse keeps only the last. */
export function countKeys(json: string): number {
  let keys = 0;
  let start = json.indexOf('"');
  while (start >= 0) {
    let next = endOfString(json, start) + 1;
    while (SPACE.test(json.charAt(next))) next += 1;
    if (json.charAt(next) === ':') keys += 1;
    start = json.indexOf('"', next);
  }
  return keys;
}

/** The position of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let end = start;
  for (;;) {
    end = json.indexOf('"', end + 1);
    let backslashes = 0;
    while (json.charAt(end - 1 - backslashes) === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}
