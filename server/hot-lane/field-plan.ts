import { defaultFieldResolver, isNonNullType, type GraphQLFieldResolver } from 'graphql';
import { readTogetherOf } from '../../schema/read-together.js';
import { planArguments } from './argument-plan.js';
import type { Complete } from './complete-value.js';
import { isPlain } from './leaf-text.js';
import { infoMaker, type PlannedField } from './planned-field.js';
import { fieldRead, readTextAhead, readTogetherAhead } from './read-ahead.js';
import { isPromise, type FieldPlan, type Pending, type Write } from './written.js';

/** How a field is written: its resolver is called, and the value is completed; an error becomes null where that is allowed. */
export function fieldPlan(field: PlannedField): FieldPlan {
  const { definition, name, nodes, writeText } = field;
  const isNonNull = isNonNullType(definition.type);
  const resolve: GraphQLFieldResolver<unknown, unknown> = definition.resolve ?? defaultFieldResolver;
  const complete: Complete = writeText ? (_run, text) => text as string : field.complete;
  const infoOf = infoMaker(field);
  const argumentsOf = planArguments(definition, nodes[0]!);

  const write: Write = (run, source, parentPath) => {
    const info = infoOf(run, parentPath);
    const { path } = info;
    try {
      const args = run.argumentsOf(field.number, argumentsOf);
      const value: unknown = writeText
        ? writeText.one(source, args, run.context, run)
        : resolve(source, args, run.context, info);
      const part: Pending = isPromise(value)
        ? value.then((settled) => complete(run, settled, path, info))
        : complete(run, value, path, info);
      if (!isPromise(part)) return part;
      return part.then(undefined, (error: unknown) => run.nullFor(error, nodes, path, isNonNull));
    } catch (error) {
      return run.nullFor(error, nodes, path, isNonNull);
    }
  };

  const isLeaf = field.writeLeaf !== undefined;
  const together = readTogetherOf(definition);
  if (together) {
    const ahead = { group: together.readTexts, read: readTogetherAhead(together) };
    return { name, isLeaf, write, together: { how: together, read: fieldRead(field, infoOf) }, ahead };
  }
  const writeAll = writeText?.all;
  if (writeAll) {
    const read = readTextAhead(field, writeAll, { argumentsOf, infoOf });
    return { name, isLeaf, write, ahead: { group: field, read } };
  }
  if (definition.resolve || definition.args.length > 0) return { name, isLeaf, write };
  return { name, isLeaf, write: propertyWriter(field, write) };
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
