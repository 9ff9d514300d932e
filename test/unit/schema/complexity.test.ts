import { join } from 'node:path';
import { getNullableType, isListType, isObjectType, type GraphQLField } from 'graphql';
import { expect, it } from 'vitest';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';

/** Lists that a client can make long: pages, and lists by the arguments. The rest have a few elements. */
const isLong = ({ type, args }: GraphQLField<unknown, unknown>): boolean => {
  const bare = getNullableType(type);
  if (isObjectType(bare) && bare.name.endsWith('Connection')) return true;
  return isListType(bare) && args.length > 0;
};

it('every page, and every list with arguments, is counted by its length', async () => {
  const schema = buildSchema(await loadRegistry(join(import.meta.dirname, '../../../examples/flights/registry.yaml')));
  const fields = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })));
  const long = fields.filter(({ name, field }) => !name.startsWith('__') && isLong(field));
  expect(long.map(({ name }) => name)).toContain('EntityType.features');
  // A resolver with options of its own replaces those of the field.
  expect(long.filter(({ field }) => !field.extensions.complexity).map(({ name }) => name)).toEqual([]);
});
