import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../errors/error-codes.js';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const cells = (text: string) => text.split('\n').map((line) => line.replaceAll(/ *\| */g, '|'));

describe('the documents', () => {
  it('list every error code as the table has it', () => {
    for (const [code, { httpStatus, retryable, meaning }] of Object.entries(ERROR_CODES)) {
      expect(cells(read('docs/errors.md'))).toContain(
        `|\`${code}\`|${httpStatus}|${retryable ? 'yes' : 'no'}|${meaning}|`,
      );
    }
  });

  it('give a reason for every dependency', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const rows = read('docs/architecture.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const reasons = rows.flatMap((line) => line.split('|')[1]!.split(',')).map((name) => name.trim());
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      expect(reasons, name).toContain(name);
    }
  });

  it('name every room of the project', () => {
    const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
    const rooms = new Set(
      files.filter((file) => file.includes('/') && !file.startsWith('.')).map((file) => file.split('/')[0]),
    );
    for (const room of rooms) expect(read('docs/architecture.md')).toMatch(new RegExp(`^${room}/ `, 'm'));
  });

  it('link to what is there', () => {
    for (const file of [
      'README.md',
      'docs/architecture.md',
      'docs/point-in-time.md',
      'docs/google-cloud-bigquery.md',
      'docs/http.md',
      'docs/errors.md',
      'docs/limits.md',
      'docs/google-cloud-vertex.md',
      'docs/migrate-from-legacy.md',
      'docs/costs.md',
    ]) {
      for (const [, target] of read(file).matchAll(/\]\((?!http)([^)#]+)\)/g)) {
        expect(existsSync(join(root, dirname(file), target!)), `${file}: ${target}`).toBe(true);
      }
    }
  });
});
