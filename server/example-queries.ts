import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ExampleQuery {
  readonly name: string;
  readonly query: string;
}

/** What the GraphiQL page asks for when it opens. */
export interface PageExamples {
  /** The names of the featurestores: the page keeps the tabs of an earlier visit apart by it. */
  readonly registry: string;
  readonly queries: readonly ExampleQuery[];
}

/**
 * The queries that the GraphiQL page opens with: the .graphql files of a folder, by name. Empty when there is no such
 * folder.
 */
export async function readExampleQueries(folder: string): Promise<ExampleQuery[]> {
  if (!existsSync(folder)) return [];
  const files = (await readdir(folder)).filter((file) => file.endsWith('.graphql')).sort();
  return Promise.all(
    files.map(async (file) => ({
      name: file.replace(/\.graphql$/, ''),
      query: await readFile(join(folder, file), 'utf8'),
    })),
  );
}
