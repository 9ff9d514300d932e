/** Stands in a text where a known name was, until its whole word is left out. A private character, of which texts have none. */
const REDACTED = '\uE000';

/** What Vertex AI itself calls its tables everywhere: no secret, and words of every model. */
const ORDINARY = new Set(['predictions', 'errors']);

/**
 * Makes what Vertex AI or a model says fit for a client: in its own words, since they are about the client's instances, but
 * without the names of projects, buckets, tables, accounts and machines, which are not a client's to know. Left out are all
 * words with one of `names` in them, and those that look like a name of a resource, whosesoever it is. The text as it was is
 * for the log.
 */
export function redactResourceNames(names: readonly string[]): (text: string) => string {
  const known = wholeWords(names);
  return (text) => {
    const marked = known ? text.replaceAll(known, REDACTED) : text;
    return marked.replaceAll(/[^\s'"`()<>[\]{},;]+/g, (token, offset: number) => {
      const word = token.replace(/[.:!?]+$/, '');
      const rest = token.slice(word.length);
      if (/@[\w-]+\.[\w.-]/.test(word)) return `[account]${rest}`;
      // What stands before decides only when it is near; a look at all of it would take long for long texts.
      const before = marked.slice(Math.max(0, offset - 30), offset);
      return isResource(word) || isNamed(word, before) ? `[resource]${rest}` : token;
    });
  };
}

/** The names in addresses of resources, wherever they are in a value; a region is none, since a client may have to know it. */
export function collectResourceNames(value: unknown): string[] {
  // Names of one or two letters are words of sentences too, and say nothing.
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

/** A path of one plain word says nothing, and is a word of sentences. */
function pathNames(path: string): string[] {
  return [path, path.slice(path.lastIndexOf('/') + 1)].filter((name) => /[^a-z]/i.test(name));
}

/** The longest first: a name may begin as another one does. One expression, since a job may read thousands of files. */
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
  // The machines that do the work.
  /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/,
  /^[\da-f]*(?::[\da-f]*){3,7}$/i,
  /^[\da-f]*::[\da-f]+$/i,
];

function isResource(word: string): boolean {
  return word.includes(REDACTED) || RESOURCES.some((form) => form.test(word));
}

/** `bucket some-files` or `Table "x"`: what is called so, if it is no word of the sentence. */
function isNamed(word: string, before: string): boolean {
  const [, kind, gap] =
    /\b(projects?|datasets?|tables?|views?|buckets?)(?:[ _](?:id|number|name))?([\s'"`:=]+)$/i.exec(before) ?? [];
  if (kind === undefined || gap === undefined) return false;
  if (/^project/i.test(kind) && /^\d{6,}$/.test(word)) return true;
  return /['"`]/.test(gap) || /^[a-z][\w-]*[-_.:$][\w$.:-]*$/i.test(word);
}
