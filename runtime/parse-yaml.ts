import { LineCounter, parseDocument, type Document } from 'yaml';

/** The limits of a YAML file that an operator writes. Each limit names what it protects. */
export const YAML_LIMITS = {
  /** Characters. A registry of 10,000 features has about a million; the parser takes a second for each megabyte. */
  maxLength: 16 * 1024 * 1024,
  /** Levels of nesting. Registries have ten; the readers of the content recurse once for each level. */
  maxDepth: 100,
  /**
   * Values that aliases stand for, together. A few aliases of aliases of lists stand for billions of values ("billion
   * laughs").
   */
  maxAliasCount: 10_000,
} as const;

export interface YamlText {
  readonly document: Document;
  /** The values of the text; undefined if there are faults. */
  readonly content: unknown;
  /** What is wrong with it, each with its line and column. */
  readonly faults: readonly string[];
  /** An offset of the text as people read it: "line 3, column 5:". */
  readonly position: (offset: number) => string;
}

/** Parses one YAML document. No text can exhaust the stack or the memory. */
export function parseYaml(text: string): YamlText {
  const lines = new LineCounter();
  const position = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}:`;
  };
  const refuse = (...faults: string[]): YamlText => ({
    document: parseDocument(''),
    content: undefined,
    faults,
    position,
  });
  if (text.length > YAML_LIMITS.maxLength) return refuse(`it is over ${YAML_LIMITS.maxLength} characters`);
  try {
    const document = parseDocument(text, { lineCounter: lines });
    // The parser reports an exhausted stack as a fault of the text.
    if (document.errors.some(({ message }) => message.includes('call stack'))) return refuse(tooDeep());
    const errors = document.errors.map(({ pos, message }) => `${position(pos[0])} ${message.split('\n')[0]}`);
    if (errors.length > 0) return { document, content: undefined, faults: errors, position };
    const content: unknown = document.toJS({ maxAliasCount: YAML_LIMITS.maxAliasCount });
    if (depthOf(content) > YAML_LIMITS.maxDepth) return refuse(tooDeep());
    return { document, content, faults: [], position };
  } catch (error) {
    if (error instanceof RangeError) return refuse(tooDeep());
    if (error instanceof ReferenceError) return refuse(describeAlias(error));
    throw error;
  }
}

function tooDeep(): string {
  return `it is nested deeper than ${YAML_LIMITS.maxDepth} levels`;
}

/** The library reports a missing anchor and too many aliases in the same way. */
function describeAlias({ message }: ReferenceError): string {
  return message.startsWith('Excessive')
    ? `its aliases stand for more than ${YAML_LIMITS.maxAliasCount} values`
    : message;
}

/** The levels of a value. Aliases share their values, so each is visited once. */
function depthOf(content: unknown): number {
  const seen = new Set<object>();
  let level = [content];
  for (let depth = 0; ; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      for (const inner of Object.values(value)) next.push(inner);
    }
    if (next.length === 0 || depth > YAML_LIMITS.maxDepth) return depth;
    level = next;
  }
}
