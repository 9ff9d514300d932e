import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { OperatorError } from '../errors/operator-error.js';
import { authenticationDocument, type AuthenticationDocument } from './document.js';

/** Reads the authentication file. Reports all faults at once, each with its line. */
export async function readAuthenticationFile(path: string): Promise<AuthenticationDocument> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(
      `The authentication file ${path} cannot be read. FEATUREGRAPH_AUTHENTICATION names it.`,
      [],
      { cause },
    );
  });
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines });
  const faults = yaml.errors.map(
    (error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`,
  );
  if (faults.length > 0) throw invalidFile(path, faults);
  const parsed = authenticationDocument.safeParse(yaml.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw invalidFile(
    path,
    parsed.error.issues.map(({ path: keys, message }) => {
      const name = keys.join('.');
      return `line ${lineOf(yaml, lines, keys)}: ${name === '' ? '' : `${name}: `}${message}`;
    }),
  );
}

/** The line of a value, or of the nearest one around it. */
function lineOf(yaml: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = yaml.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function invalidFile(path: string, faults: readonly string[]): OperatorError {
  return new OperatorError(`The authentication file ${path} is not right (docs/authentication.md):`, faults);
}
