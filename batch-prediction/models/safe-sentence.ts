/** The maximum number of characters of a message from a model's server or runtime: one or two sentences, not a page. */
export const MAX_SENTENCE_LENGTH = 300;

/**
 * The maximum number of characters that are searched for secrets. It exceeds the output limit, because masks are
 * shorter than the text that they replace.
 */
const MAX_SEARCHED_LENGTH = 4 * MAX_SENTENCE_LENGTH;

/**
 * The patterns that must not reach a client or the log, and their replacements. Addresses precede hosts, because an
 * address contains a host.
 */
const MASKS: readonly (readonly [RegExp, string])[] = [
  // Addresses, with their user, password and query, if any.
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, '[address]'],
  // Credentials with a label: Bearer x, password=x, "api_key": "x".
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, '$1 [secret]'],
  [
    /\b([\w-]*(?:passw(?:or)?d|pwd|secret|token|api[_-]?key|access[_-]?key|credentials?|authorization)["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"')}\]]+)/gi,
    '$1[secret]',
  ],
  // Credentials by their form: JSON Web Tokens, the prefixes of well-known issuers, long random words.
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, '[secret]'],
  [/\b(?:sk|pk|rk|gh[opsu]|github_pat|glpat|xox[abprs]|ya29|AKIA|ASIA|AIza|hf)[-_.]?[\w-]{12,}/g, '[secret]'],
  [/\b[0-9a-f]{32,}\b/gi, '[secret]'],
  [/\b(?=[\w+/-]*\d)(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])[\w+/-]{32,}={0,2}/g, '[secret]'],
  [/\b[\w.+-]+@[\w-]+\.[\w.-]+/g, '[account]'],
  // Files: absolute paths of all systems, and relative paths that end in a file.
  [/(?<![\w.])(?:[a-z]:|~)?(?:[\\/]+[\w.@+-]+){2,}[\\/]?/gi, '[path]'],
  [/(?<![\w/\\])\.{0,2}[\w-]+(?:[\\/][\w.-]+)*[\\/][\w-]+\.\w{1,6}\b/g, '[path]'],
  // Hosts.
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, '[host]'],
  [/\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app|cloud|local|internal|svc|lan|corp|example)\b(?::\d+)?/gi, '[host]'],
  [/\b(?:localhost|[a-z0-9]+-[a-z0-9-]+):\d{2,5}\b|\blocalhost\b/gi, '[host]'],
];

/**
 * Converts a message of a server or a runtime to one line that is safe for clients. The line contains no credentials,
 * addresses or paths, and at most MAX_SENTENCE_LENGTH characters. Of a stack trace, only the error itself remains.
 */
export function safeSentence(text: string): string {
  // Control characters could forge lines of a log.
  const line = withoutStack(text)
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  // The masks would not recognize a word without its end, so a word at the cut is removed.
  const searched = line.length > MAX_SEARCHED_LENGTH ? line.slice(0, MAX_SEARCHED_LENGTH).replace(/\S+$/, '') : line;
  const masked = MASKS.reduce((masking, [form, mask]) => masking.replaceAll(form, mask), searched);
  return masked.length > MAX_SENTENCE_LENGTH ? `${masked.slice(0, MAX_SENTENCE_LENGTH - 1)}…` : masked;
}

/** Python prints the error last; Java and JavaScript print it first. */
function withoutStack(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.some((line) => line.startsWith('Traceback (most recent call last)'))) return lines.at(-1)!;
  return lines.filter((line) => !/^\s+(?:at |File "|\.\.\. \d+ more)/.test(line)).join('\n');
}
