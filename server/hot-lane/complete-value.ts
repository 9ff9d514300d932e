import {
  defaultTypeResolver,
  GraphQLError,
  isObjectType,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from 'graphql';
import { isPlain, type WriteLeaf } from './leaf-text.js';
import type { Path, PlanRun } from './plan-run.js';
import { isPromise, type Pending, type Write } from './written.js';
import type { WriteItems } from './write-items.js';
import { writeList } from './write-list.js';

/** Writes the value that a resolver gave, at its place in the answer. */
export interface Complete {
  (run: PlanRun, value: unknown, path: Path, info: GraphQLResolveInfo): Pending;
  /** Writes objects of a list together. Absent: each is written by itself. */
  readonly itemsOf?: ItemsOf | undefined;
}

/** The writer for these objects. undefined: each of them is written by itself. */
type ItemsOf = (run: PlanRun, items: readonly object[], info: GraphQLResolveInfo) => WriteItems | undefined;

/** A type with or without `!`. */
export function completeType(complete: Complete, isNonNull: boolean): Complete {
  const { itemsOf } = complete;
  const completeAny: Complete = (run, value, path, info) => {
    if (value === null || value === undefined) {
      if (!isNonNull) return null;
      throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
    }
    if (value instanceof Error) throw value;
    return complete(run, value, path, info);
  };
  return itemsOf ? Object.assign(completeAny, { itemsOf }) : completeAny;
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
    const writeItems = items.length > 0 && items.every(isReady) ? complete.itemsOf?.(run, items, info) : undefined;
    if (writeItems) {
      const pathOf = (index: number): Path => ({ prev: path, key: index, typename: undefined });
      const fail = (error: unknown, index: number): null => run.nullFor(error, nodes, pathOf(index), isItemNonNull);
      return writeItems(run, items, { pathOf, fail });
    }
    return writeList(items.length, (index) => {
      const item = items[index];
      const itemPath = { prev: path, key: index, typename: undefined };
      try {
        const part = isPromise(item)
          ? item.then((settled) => complete(run, settled, itemPath, info))
          : complete(run, item, itemPath, info);
        if (!isPromise(part)) return part;
        return part.then(undefined, (error: unknown) => run.nullFor(error, nodes, itemPath, isItemNonNull));
      } catch (error) {
        return run.nullFor(error, nodes, itemPath, isItemNonNull);
      }
    });
  };
}

/** An object that is no error and that is not waited for. */
function isReady(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !(item instanceof Error) && !isPromise(item);
}

/** A longer list of scalars is written in turns. */
const LONG_LIST = 1_000;

/** A list of scalars or enums. Most items are plain values; a list with another one, or with an error, goes the way of all. */
export function completeLeaves(write: WriteLeaf, isItemNonNull: boolean, completeAny: Complete): Complete {
  return (run, value, path, info) => {
    if (!Array.isArray(value) || value.length > LONG_LIST) return completeAny(run, value, path, info);
    let text = '[';
    try {
      for (let index = 0; index < value.length; index += 1) {
        const item: unknown = value[index];
        if (index > 0) text += ',';
        if (item === null && !isItemNonNull) text += 'null';
        else if (isPlain(item)) text += run.leaf(write, item);
        else return completeAny(run, value, path, info);
      }
    } catch {
      return completeAny(run, value, path, info);
    }
    return `${text}]`;
  };
}

export function completeObject(
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  write: Write,
  writeItems: WriteItems | undefined,
): Complete {
  const { isTypeOf } = type;
  if (!isTypeOf) {
    const complete: Complete = (run, value, path) => write(run, value, path);
    return writeItems ? Object.assign(complete, { itemsOf: () => writeItems }) : complete;
  }
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
  const complete: Complete = (run, value, path, info) => {
    const name = resolveType(value, run.context, info, type);
    return isPromise(name)
      ? name.then((settled) => completeAs(settled, info.schema)(run, value, path, info))
      : completeAs(name, info.schema)(run, value, path, info);
  };
  /** Most lists have objects of one type. */
  const itemsOf: ItemsOf = (run, items, info) => {
    try {
      const name = resolveType(items[0], run.context, info, type);
      const isOneType =
        typeof name === 'string' && items.every((item) => resolveType(item, run.context, info, type) === name);
      return isOneType ? completeAs(name, info.schema).itemsOf?.(run, items, info) : undefined;
    } catch {
      // The error is that of an item.
      return undefined;
    }
  };
  return Object.assign(complete, { itemsOf });
}
