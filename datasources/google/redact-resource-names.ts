/**
 * Marks a known name in a text until its whole word is removed. It is a private-use character, which texts do not
 * contain.
 */
const REDACTED = '\uE000';

/** The names that Vertex AI itself gives its tables: they are not secret, and occur in every model's messages. */
const ORDINARY = new Set(['predictions', 'errors']);

/**
 * Redacts a message of Vertex AI or of a model for a client. The message stays, because it concerns the client's
 * instances, but without names of projects, buckets, tables, accounts and machines, which clients must not see. It
 * removes all words that contain one of `names`, and words that look like any resource name. The log has the original
 * text.
 */
export function redactResourceNames(names: readonly string[]): (text: string) => string {
  const known = wholeWords(names);
  return (text) => {
    const marked = known ? text.replaceAll(known, REDACTED) : text;
    return marked.replaceAll(/[^\s'"`()<>[\]{},;]+/g, (token, offset: number) => {
      const word = token.replace(/[.:!?]+$/, '');
      const rest = token.slice(word.length);
      if (/@[\w-]+\.[\w.-]/.test(word)) return `[account]${rest}`;
      // Only nearby preceding text decides; checking all of it would be slow for long texts.
      const before = marked.slice(Math.max(0, offset - 30), offset);
      return isResource(word) || isNamed(word, before) ? `[resource]${rest}` : token;
    });
  };
}

/** The names in resource addresses anywhere in a value, except regions, which a client may need. */
export function collectResourceNames(value: unknown): string[] {
  // Names of one or two letters are also ordinary words, and reveal nothing.
  if (typeof value === 'string') return splitAddress(value).filter((name) => name.length > 2 && !ORDINARY.has(name));
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap(collectResourceNames))];
}

function splitAddress(address: string): string[] {
  const [, bucket, path] = /^gs:\/\/([^/]+)\/?(.*?)\/?$/s.exec(address) ?? [];
  if (bucket !== undefined) return [bucket, ...(path === undefined ? [] : pathNames(path))];
  if (address.startsWith('projects/')) {
    const pairs = [...address.matchAll(/(\w+)\/([^/@]+)/g)];
    return pairs.flatMap(([, kind, id]) => (kind === 'locations' || id === undefined ? [] : [id]));
  }
  const [, project, names] = /^(?:bq:\/\/)?((?:[\w.-]+:)?[a-z][\w-]*)((?:\.[\w$-]+){1,2})$/.exec(address) ?? [];
  return project === undefined ? [] : [project, ...names!.slice(1).split('.')];
}

/** A path of one plain word reveals nothing, and is also an ordinary word. */
function pathNames(path: string): string[] {
  return [path, path.slice(path.lastIndexOf('/') + 1)].filter((name) => /[^a-z]/i.test(name));
}

/**
 * The longest name first, because a name may be the prefix of another. One regular expression, because a job may read
 * thousands of files.
 */
function wholeWords(names: readonly string[]): RegExp | undefined {
  if (names.length === 0) return undefined;
  const longestFirst = [...names].sort((one, other) => other.length - one.length);
  return new RegExp(`(?<!\\w)(?:${longestFirst.map((name) => name.replaceAll(/\W/g, '\\$&')).join('|')})(?!\\w)`, 'gi');
}

const RESOURCES = [
  // Addresses, with or without a scheme, and resource names.
  /(?:^|:)\/\/\w/,
  /(?:^|\W)(?:projects|folders|organizations)\/\w/,
  // project.dataset.table, project:dataset.table, and hosts.
  /(?:^|=)[a-z][\w-]*(?:[.:][\w-]+)*[.:][\w-]+\.[\w$-]+(?:[:/?=].*)?$/i,
  // The machines that run the work.
  /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/,
  /^[\da-f]*(?::[\da-f]*){3,7}$/i,
  /^[\da-f]*::[\da-f]+$/i,
];

function isResource(word: string): boolean {
  return word.includes(REDACTED) || RESOURCES.some((form) => form.test(word));
}

/** `bucket some-files` or `Table "x"`: redacts the name after such a word, unless it is an ordinary word. */
function isNamed(word: string, before: string): boolean {
  const [, kind, gap] =
    /\b(projects?|datasets?|tables?|views?|buckets?)(?:[ _](?:id|number|name))?([\s'"`:=]+)$/i.exec(before) ?? [];
  if (kind === undefined || gap === undefined) return false;
  if (/^project/i.test(kind) && /^\d{6,}$/.test(word)) return true;
  return /['"`]/.test(gap) || /^[a-z][\w-]*[-_.:$][\w$.:-]*$/i.test(word);
}
