import { lexicographicSortSchema, printSchema as print } from 'graphql';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { registryJsonSchema } from '../../datasources/registry/document/document.js';
import { openRegistry } from '../../composition/registry.js';
import { buildSchema } from '../../resolvers/build-schema.js';

/** Sorted, so that the committed file changes only where the schema does. */
export async function printSchema(): Promise<void> {
  const { registry } = await openRegistry(registryPathOf(loadConfig()));
  process.stdout.write(`${print(lexicographicSortSchema(buildSchema(registry)))}\n`);
}

export function printRegistryJsonSchema(): void {
  process.stdout.write(`${JSON.stringify(registryJsonSchema(), null, 2)}\n`);
}
