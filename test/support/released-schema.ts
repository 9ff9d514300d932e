import { execFileSync } from 'node:child_process';
import { ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** The tag of a release: v0.1.0. CONTRIBUTING.md says how a release makes it. */
const RELEASE_TAGS = 'v[0-9]*';

export interface Release {
  readonly tag: string;
  /** schema/schema.graphql as committed at that tag. */
  readonly schema: string;
}

/** The last release before the current commit; undefined in a clone without tags, and before the first release. */
export function lastRelease(repository: string): Release | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  let tag: string;
  try {
    tag = git('describe', '--tags', '--abbrev=0', '--match', RELEASE_TAGS).trim();
  } catch {
    return undefined;
  }
  return { tag, schema: git('show', `${tag}:schema/schema.graphql`) };
}

export interface ClientBreak {
  /** The member of the schema, as graphql-inspector writes it: `Query.entity.asOf`. */
  readonly path: string;
  readonly message: string;
}

/** Additions that a careful client survives are allowed. A changed default is not: it changes the answer of the same request. */
const CHANGED_DEFAULTS: ReadonlySet<unknown> = new Set([
  ChangeType.FieldArgumentDefaultChanged,
  ChangeType.InputFieldDefaultValueChanged,
  ChangeType.DirectiveArgumentDefaultValueChanged,
]);

/** What a client of the schema `before` may trip over in the schema `after`. */
export async function clientBreaks(before: string, after: string): Promise<ClientBreak[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .filter(({ type, criticality }) => criticality.level === CriticalityLevel.Breaking || CHANGED_DEFAULTS.has(type))
    .map(({ path, message }) => ({ path: path ?? message, message }));
}

/** Breaks that the section "Unreleased" of a changelog does not name in backticks. */
export function unnamedBreaks(breaks: readonly ClientBreak[], changelog: string): ClientBreak[] {
  const unreleased = /^## Unreleased$(.*?)(?=^## |$(?![^]))/ms.exec(changelog)?.[1] ?? '';
  return breaks.filter(({ path }) => !unreleased.includes(`\`${path}\``));
}
