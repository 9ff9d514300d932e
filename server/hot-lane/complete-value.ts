import {
  defaultTypeResolver,
  GraphQLError,
  isObjectType,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from 'graphql';
import type { WriteLeaf } from './leaf-text.js';
import type { Path, PlanRun } from './plan-run.js';
import { isPromise, type Pending, type Write } from './write-fields.js';
import { writeList } from './write-list.js';

/** Writes the value that a resolver gave, at its place in the answer. */
export type Complete = (run: PlanRun, value: unknown, path: Path, info: GraphQLResolveInfo) => Pending;

/** A type that may be null. Every type is one, below its `!`. */
export function completeNullable(complete: Complete): Complete {
  return (run, value, path, info) => {
    if (value instanceof Error) throw value;
    return value === null || value === undefined ? null : complete(run, value, path, info);
  };
}

/** A type with `!`. What is still to come is an object or a list, which is never null. */
export function completeNonNull(complete: Complete): Complete {
  return (run, value, path, info) => {
    const written = complete(run, value, path, info);
    if (written !== null) return written;
    throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
  };
}

export function completeLeaf(write: WriteLeaf): Complete {
  return (run, value) => run.leaf(write, value);
}

export function completeList(complete: Complete, nodes: readonly FieldNode[], isItemNonNull: boolean): Complete {
  return (run, value, path, info) => {
    if (typeof value !== 'object' || !(Symbol.iterator in value!)) {
      throw new GraphQLError(
        `Expected Iterable, but did not find one for field "${info.parentType.name}.${info.fieldName}".`,
      );
    }
    const items = Array.isArray(value) ? (value as readonly unknown[]) : [...(value as Iterable<unknown>)];
    return writeList(items.length, (index) => {
      const item = items[index];
      const itemPath = { prev: path, key: index, typename: undefined };
      const nullFor = (error: unknown): null => run.nullFor(error, nodes, itemPath, isItemNonNull);
      try {
        const part = isPromise(item)
          ? item.then((settled) => complete(run, settled, itemPath, info))
          : complete(run, item, itemPath, info);
        return isPromise(part) ? part.then(undefined, nullFor) : part;
      } catch (error) {
        return nullFor(error);
      }
    });
  };
}

export function completeObject(type: GraphQLObjectType, nodes: readonly FieldNode[], write: Write): Complete {
  const { isTypeOf } = type;
  if (!isTypeOf) return (run, value, path) => write(run, value, path);
  return (run, value, path, info) => {
    const writeIf = (isOne: boolean): Pending => {
      if (isOne) return write(run, value, path);
      throw new GraphQLError(`A value is not of the type "${type.name}".`, { nodes });
    };
    const isOne = isTypeOf(value, run.context, info);
    return typeof isOne === 'boolean' ? writeIf(isOne) : isOne.then(writeIf);
  };
}

/** An interface or a union. The type of a value is known by its name, as build-schema.ts makes it. */
export function completeAbstract(
  type: GraphQLAbstractType,
  nodes: readonly FieldNode[],
  completeOf: (type: GraphQLObjectType) => Complete,
): Complete {
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const known = new Map<string, Complete>();
  const completeAs = (name: unknown, schema: GraphQLResolveInfo['schema']): Complete => {
    const complete = known.get(name as string);
    if (complete) return complete;
    const found = typeof name === 'string' ? schema.getType(name) : undefined;
    if (!isObjectType(found) || !schema.isSubType(type, found)) {
      throw new GraphQLError(`A value of "${type.name}" has no type of the schema.`, { nodes });
    }
    const made = completeOf(found);
    known.set(found.name, made);
    return made;
  };
  return (run, value, path, info) => {
    const name = resolveType(value, run.context, info, type);
    return isPromise(name)
      ? name.then((settled) => completeAs(settled, info.schema)(run, value, path, info))
      : completeAs(name, info.schema)(run, value, path, info);
  };
}
