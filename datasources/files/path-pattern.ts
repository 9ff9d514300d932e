/** A part of a name that is not a star: a character, any character, or one of a set. */
type Part = '*' | ((character: string) => boolean);

/**
 * The test for the paths that match a pattern: `*` stands for any characters of a name, `?` for one, `[a-c]` for one of
 * these, `[!a-c]` for one of the others, and `**` for any folders. All other characters stand for themselves.
 *
 * Clients write patterns. A regular expression, or the expansion of braces, can take hours for 60 characters, while the
 * whole gateway waits. This takes at most a step for each pair of a character of the pattern and one of the path.
 */
export function pathPattern(pattern: string, separator: string): (path: string) => boolean {
  const folders = pattern.split(separator).map((name) => (name === '**' ? ('*' as const) : namePattern(name)));
  return (path) => matches(path.split(separator), folders);
}

function namePattern(name: string): (text: string) => boolean {
  const parts: Part[] = [];
  const characters = Array.from(name);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at]!;
    // The first character of a set is in it, also if it is a bracket.
    const first = at + (characters[at + 1] === '!' || characters[at + 1] === '^' ? 2 : 1);
    const end = character === '[' ? characters.indexOf(']', first + 1) : -1;
    if (character === '*') parts.push('*');
    else if (character === '?') parts.push(() => true);
    else if (end > 0) {
      parts.push(characterSet(characters.slice(first, end), first === at + 2));
      at = end;
    } else parts.push((other) => other === character);
  }
  return (text) => matches(Array.from(text), parts);
}

function characterSet(members: readonly string[], isNegated: boolean): (character: string) => boolean {
  const ranges: [number, number][] = [];
  for (let at = 0; at < members.length; at += 1) {
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    ranges.push([members[at]!.codePointAt(0)!, members[isRange ? at + 2 : at]!.codePointAt(0)!]);
    if (isRange) at += 2;
  }
  return (character) => {
    const code = character.codePointAt(0)!;
    return ranges.some(([from, to]) => from <= code && code <= to) !== isNegated;
  };
}

/** Whether parts match all items. Only the last star is ever tried again: an earlier one could give nothing more. */
function matches(items: readonly string[], parts: readonly ('*' | ((item: string) => boolean))[]): boolean {
  let item = 0;
  let part = 0;
  let star = -1;
  let afterStar = 0;
  while (item < items.length) {
    const current = parts[part];
    if (current === '*') {
      star = part;
      afterStar = item;
      part += 1;
    } else if (current?.(items[item]!)) {
      item += 1;
      part += 1;
    } else if (star >= 0) {
      afterStar += 1;
      item = afterStar;
      part = star + 1;
    } else return false;
  }
  return parts.slice(part).every((rest) => rest === '*');
}
