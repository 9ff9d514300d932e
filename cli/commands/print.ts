import { lexicographicSortSchema, printSchema as print } from 'graphql';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { registryJsonSchema } from '../../datasources/registry/document/document.js';
import { openRegistry } from '../../composition/registry.js';
import { printSubgraph } from '../../schema/federation.js';
import { buildSchema } from '../../resolvers/build-schema.js';

/** Sorted, so that the committed file changes only where the schema does. */
export async function printSchema(): Promise<void> {
  const config = loadConfig();
  const { registry } = await openRegistry(registryPathOf(config));
  const schema = buildSchema(registry);
  const text = config.isFederated ? printSubgraph(schema) : print(lexicographicSortSchema(schema));
  process.stdout.write(`${text}\n`);
}

export function printRegistryJsonSchema(): void {
  process.stdout.write(`${JSON.stringify(registryJsonSchema(), null, 2)}\n`);
}
