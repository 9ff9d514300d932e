import {
  defaultFieldResolver,
  isNonNullType,
  type FieldNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from 'graphql';
import { readTogetherOf, type ReadTogether } from '../../schema/read-together.js';
import type { WriteText } from '../../schema/write-text.js';
import { ROOT_VALUE } from '../run-operation.js';
import type { Complete } from './complete-value.js';
import { isPlain, type WriteLeaf } from './leaf-text.js';
import type { Path, PlannedOperation, PlanRun } from './plan-run.js';
import { isPromise, type FieldPlan, type Pending, type Write, type WriteRead, type Written } from './write-fields.js';

export interface PlannedField {
  readonly planned: PlannedOperation;
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  /** Its name in the answer. */
  readonly name: string;
  /** Its number in the plan. */
  readonly number: number;
  readonly nodes: readonly FieldNode[];
  readonly complete: Complete;
  /** Present when the field is a scalar or an enum. */
  readonly writeLeaf: WriteLeaf | undefined;
  /** Present when the field writes its value by itself. */
  readonly writeText: WriteText | undefined;
}

/** How a field is written: its resolver is called, and the value is completed; an error becomes null where that is allowed. */
export function fieldPlan(field: PlannedField): FieldPlan {
  const { definition, name, nodes, writeText } = field;
  const isNonNull = isNonNullType(definition.type);
  const resolve: GraphQLFieldResolver<unknown, unknown> = writeText ?? definition.resolve ?? defaultFieldResolver;
  const complete: Complete = writeText ? (run, text) => run.written(text as string) : field.complete;
  const infoOf = infoMaker(field);

  const write: Write = (run, source, parentPath) => {
    const info = infoOf(run, parentPath);
    const { path } = info;
    try {
      const value: unknown = resolve(source, run.argumentsOf(field.number, definition, nodes[0]!), run.context, info);
      const part: Pending = isPromise(value)
        ? value.then((settled) => complete(run, settled, path, info))
        : complete(run, value, path, info);
      if (!isPromise(part)) return part;
      return part.then(undefined, (error: unknown) => run.nullFor(error, nodes, path, isNonNull));
    } catch (error) {
      return run.nullFor(error, nodes, path, isNonNull);
    }
  };

  const together = readTogetherOf(definition);
  if (together) return { name, write, together: { how: together, write: readWriter(field, together, infoOf) } };
  if (definition.resolve || definition.args.length > 0) return { name, write };
  return { name, write: propertyWriter(field, write) };
}

type MakeInfo = (run: PlanRun, parentPath: Path | undefined) => GraphQLResolveInfo;

function infoMaker({ planned, parentType, definition, name, nodes }: PlannedField): MakeInfo {
  return (run, prev) => ({
    fieldName: definition.name,
    fieldNodes: nodes,
    returnType: definition.type,
    parentType,
    path: { prev, key: name, typename: parentType.name },
    schema: planned.schema,
    fragments: planned.fragments,
    rootValue: ROOT_VALUE,
    operation: planned.operation,
    variableValues: run.variables,
  });
}

/**
 * A scalar that is a plain property, as most values of an answer: nothing is made for it. Whatever needs more goes the
 * general way, which is also the one that reports an error.
 */
function propertyWriter({ definition, writeLeaf }: PlannedField, writeResolved: Write): Write {
  if (!writeLeaf) return writeResolved;
  const isNonNull = isNonNullType(definition.type);
  return (run, source, parentPath) => {
    if (typeof source !== 'object') return writeResolved(run, source, parentPath);
    const value = (source as Readonly<Record<string, unknown>>)[definition.name];
    if (value === null && !isNonNull) return null;
    if (!isPlain(value)) return writeResolved(run, source, parentPath);
    try {
      return run.leaf(writeLeaf, value);
    } catch {
      return writeResolved(run, source, parentPath);
    }
  };
}

/** A field that was read with others. */
function readWriter(
  { definition, nodes, complete, writeLeaf }: PlannedField,
  { toValue }: ReadTogether,
  infoOf: MakeInfo,
): WriteRead {
  const isNonNull = isNonNullType(definition.type);
  return (run, outcome, parentPath) => {
    try {
      if ('error' in outcome) throw outcome.error;
      const value = toValue(outcome.read);
      if (value === null && !isNonNull) return null;
      if (writeLeaf && isPlain(value)) return run.leaf(writeLeaf, value);
      const info = infoOf(run, parentPath);
      return complete(run, value, info.path, info) as Written;
    } catch (error) {
      return run.nullFor(error, nodes, infoOf(run, parentPath).path, isNonNull);
    }
  };
}
