import type { FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import type { WriteText } from '../../schema/write-text.js';
import { ROOT_VALUE } from '../run-operation.js';
import type { Complete } from './complete-value.js';
import type { WriteLeaf } from './leaf-text.js';
import type { Path, PlannedOperation, PlanRun } from './plan-run.js';

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

/** What a resolver gets as its fourth argument. */
export type MakeInfo = (run: PlanRun, parentPath: Path | undefined) => GraphQLResolveInfo;

export function infoMaker({ planned, parentType, definition, name, nodes }: PlannedField): MakeInfo {
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
