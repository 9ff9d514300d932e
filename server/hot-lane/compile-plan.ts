import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type FieldNode,
  type GraphQLField,
  type GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { compileTextOf, type WriteText } from '../../schema/write-text.js';
import { ROOT_VALUE, type Executed } from '../run-operation.js';
import {
  completeAbstract,
  completeLeaf,
  completeLeaves,
  completeList,
  completeObject,
  completeType,
  type Complete,
} from './complete-value.js';
import { fieldPlan } from './field-plan.js';
import { leafWriter } from './leaf-text.js';
import type { PlanRun, PlannedOperation } from './plan-run.js';
import { itemsWriter } from './write-items.js';
import { fieldsWriter } from './write-fields.js';
import { isPromise, type FieldPlan, type Write } from './written.js';

type Variables = Readonly<Record<string, unknown>>;

/** Runs an operation. */
export interface Plan {
  /** Writes the data of the answer as JSON. */
  readonly write: (run: PlanRun) => Promise<Executed<string>> | Executed<string>;
  /** The fields of the plan so far: those of an interface are compiled when the first object of a type comes. */
  readonly fieldCount: () => number;
}

/**
 * Compiles a query into functions that write its answer, one for each field. No code is generated: compiling takes about as
 * long as graphql-js takes to collect the fields of one run. Objects and lists of the answer are never built.
 *
 * The semantics are those of `execute` in graphql-js, whose structure this follows: the order of resolvers, which errors
 * are reported, and how null moves up. `flags` are the values of the variables of @skip and @include.
 */
export function compilePlan(planned: PlannedOperation, flags: Variables): Plan {
  const compiler = new Compiler(planned, flags);
  const write = compiler.root();
  return {
    fieldCount: () => compiler.fieldCount,
    write: (run) => {
      const end = (data: string | null): Executed<string> =>
        run.errors.length === 0 ? { data } : { data, errors: run.errors };
      const fail = (error: unknown): Executed<string> => {
        run.add(error as PlanRun['errors'][number], undefined);
        return end(null);
      };
      try {
        const written = write(run, ROOT_VALUE, undefined);
        return isPromise(written) ? written.then(end, fail) : end(written);
      } catch (error) {
        return fail(error);
      }
    },
  };
}

/** Fields of Query that no type lists. Validation allows them nowhere else. */
const META_FIELDS: ReadonlyMap<string, GraphQLField<unknown, unknown>> = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef].map((definition) => [definition.name, definition]),
);

type NullableOutputType = Exclude<GraphQLOutputType, GraphQLNonNull<never>>;

class Compiler {
  fieldCount = 0;

  constructor(
    private readonly planned: PlannedOperation,
    private readonly flags: Variables,
  ) {}

  root(): Write {
    const { schema, fragments, operation } = this.planned;
    const type = schema.getQueryType()!;
    return fieldsWriter(this.#fields(type, collectFields(schema, fragments, this.flags, type, operation.selectionSet)));
  }

  #fields(type: GraphQLObjectType, collected: ReadonlyMap<string, readonly FieldNode[]>): FieldPlan[] {
    return [...collected].map(([name, nodes]) => this.#field(type, name, nodes));
  }

  #field(parentType: GraphQLObjectType, name: string, nodes: readonly FieldNode[]): FieldPlan {
    const number = this.fieldCount++;
    const fieldName = nodes[0]!.name.value;
    if (fieldName === '__typename') return { name, isLeaf: true, write: () => `"${parentType.name}"` };
    const definition: GraphQLField<unknown, unknown> = META_FIELDS.get(fieldName) ?? parentType.getFields()[fieldName]!;
    const complete = this.#complete(definition.type, nodes);
    const nullable = getNullableType(definition.type);
    const writeLeaf = isLeafType(nullable) ? leafWriter(nullable) : undefined;
    const writeText = this.#text(definition, nodes);
    return fieldPlan({
      planned: this.planned,
      parentType,
      definition,
      name,
      number,
      nodes,
      complete,
      writeLeaf,
      writeText,
    });
  }

  /** A field that writes its list by itself, when the query selects only plain fields of its objects. */
  #text(definition: GraphQLField<unknown, unknown>, nodes: readonly FieldNode[]): WriteText | undefined {
    const compileText = compileTextOf(definition);
    const type = getNamedType(definition.type);
    if (!compileText || !isObjectType(type)) return undefined;
    const { schema, fragments } = this.planned;
    const collected = [...collectSubfields(schema, fragments, this.flags, type, nodes)];
    return compileText(collected.map(([name, [node]]) => ({ name, field: node!.name.value })));
  }

  #complete(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    return completeType(this.#completeValue(getNullableType(type), nodes), isNonNullType(type));
  }

  #completeValue(type: NullableOutputType, nodes: readonly FieldNode[]): Complete {
    if (isListType(type)) return this.#completeList(type.ofType, nodes);
    if (isLeafType(type)) return completeLeaf(leafWriter(type));
    if (isAbstractType(type)) return completeAbstract(type, nodes, (of) => this.#completeObject(of, nodes));
    return this.#completeObject(type, nodes);
  }

  #completeList(itemType: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    const isItemNonNull = isNonNullType(itemType);
    const completeAny = completeList(this.#complete(itemType, nodes), nodes, isItemNonNull);
    const item = getNullableType(itemType);
    return isLeafType(item) ? completeLeaves(leafWriter(item), isItemNonNull, completeAny) : completeAny;
  }

  #completeObject(type: GraphQLObjectType, nodes: readonly FieldNode[]): Complete {
    const { schema, fragments } = this.planned;
    const collected = collectSubfields(schema, fragments, this.flags, type, nodes);
    const fields = this.#fields(type, collected);
    const write = fieldsWriter(fields);
    return completeObject(type, nodes, write, itemsWriter(fields, write));
  }
}
