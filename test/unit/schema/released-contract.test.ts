import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientBreaks, lastRelease, unnamedBreaks } from '../../support/released-schema.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the contract with clients', () => {
  it('holds since the last release, except for breaks that CHANGELOG.md names', async ({ skip }) => {
    const release = lastRelease(root);
    if (!release) {
      const why =
        'This clone has no release tag (v*): the schema is not compared with a release. See "git fetch --tags".';
      // The reporter of a terminal shows no reasons of skipped tests.
      console.warn(why);
      return skip(why);
    }
    const breaks = await clientBreaks(release.schema, read('schema/schema.graphql'));
    expect(unnamedBreaks(breaks, read('CHANGELOG.md')), `breaks since ${release.tag}`).toEqual([]);
  });
});

describe('what breaks a client', () => {
  const BEFORE = `
    type Query { entity(id: ID!, first: Int = 10): String, now: Float! }
    input Window { hours: Int = 1 }
    enum Status { PRESENT NULL }
    type Unused { name: String }
  `;
  const breaksWith = async (...changes: readonly [string, string][]): Promise<string[]> => {
    const after = changes.reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    }, BEFORE);
    return (await clientBreaks(BEFORE, after)).map(({ path }) => path);
  };

  it('is a removed or retyped member, a new required argument and a changed default', async () => {
    expect(await breaksWith([', now: Float!', ''])).toEqual(['Query.now']);
    expect(await breaksWith(['now: Float!', 'now: Float'])).toEqual(['Query.now']);
    expect(await breaksWith(['id: ID!', 'id: ID!, at: String!'])).toEqual(['Query.entity.at']);
    expect(await breaksWith(['PRESENT NULL', 'PRESENT'])).toEqual(['Status.NULL']);
    expect(await breaksWith(['type Unused { name: String }', ''])).toEqual(['Unused']);
    expect(await breaksWith(['first: Int = 10', 'first: Int = 20'])).toEqual(['Query.entity.first']);
    expect(await breaksWith(['hours: Int = 1', 'hours: Int = 2'])).toEqual(['Window.hours']);
  });

  it('is no addition', async () => {
    expect(
      await breaksWith(
        ['id: ID!', 'id: ID!, at: String'],
        ['now: Float!', 'now: Float!, later: Int'],
        ['hours: Int = 1', 'hours: Int = 1, days: Int'],
        ['PRESENT NULL', 'PRESENT NULL EXPIRED'],
      ),
    ).toEqual([]);
  });

  it('is named in the changelog among what is not released yet, by its path', () => {
    const breaks = ['Query.now', 'Unused'].map((path) => ({ path, message: `${path} was removed` }));
    const names = (changelog: string): string[] => unnamedBreaks(breaks, changelog).map(({ path }) => path);
    expect(names('# Changelog\n\n## Unreleased\n\n- `Query.now` is gone: nobody needs it.\n')).toEqual(['Unused']);
    expect(names('## Unreleased\n\n- `Unused` is gone.\n\n## 0.1.0\n\n- `Query.now` is gone.\n')).toEqual([
      'Query.now',
    ]);
    expect(names('## 0.1.0\n\n- `Query.now` and `Unused`.\n')).toEqual(['Query.now', 'Unused']);
  });
});

it('the last release is the nearest tag v* of the clone', () => {
  const folder = temporaryFolder();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder });
  const commit = (schema: string): void => {
    mkdirSync(join(folder, 'schema'), { recursive: true });
    writeFileSync(join(folder, 'schema/schema.graphql'), schema);
    git('add', '.');
    git('commit', '-q', '-m', schema);
  };
  git('init', '-q');
  commit('type Query { first: Int }');
  git('tag', 'nightly');
  expect(lastRelease(folder)).toBeUndefined();
  git('tag', '-a', 'v0.1.0', '-m', 'v0.1.0');
  commit('type Query { second: Int }');
  git('tag', 'v0.2.0');
  commit('type Query { third: Int }');
  expect(lastRelease(folder)).toEqual({ tag: 'v0.2.0', schema: 'type Query { second: Int }' });
});
