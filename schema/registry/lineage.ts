import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';

export const LineageKindEnum = {
  FILES: 'FILES',
  TABLE: 'TABLE',
  SOURCE: 'SOURCE',
  FEATURE: 'FEATURE',
  TRAINING_SET_JOB: 'TRAINING_SET_JOB',
  TRAINING_SET: 'TRAINING_SET',
  MODEL: 'MODEL',
  BATCH_PREDICTION_JOB: 'BATCH_PREDICTION_JOB',
  PREDICTIONS: 'PREDICTIONS',
  BACKTEST_JOB: 'BACKTEST_JOB',
} as const;

registerEnumType(LineageKindEnum, {
  name: 'LineageKind',
  description: 'What a node of a lineage is.',
  valuesConfig: {
    FILES: { description: 'Files that a job reads: labels or instances.' },
    TABLE: { description: 'A table that a source or a job reads.' },
    SOURCE: { description: 'A source of features.' },
    FEATURE: { description: 'A feature.' },
    TRAINING_SET_JOB: { description: 'A job that makes a training set.' },
    TRAINING_SET: { description: 'The output of such a job: a file or a table.' },
    MODEL: { description: 'A model.' },
    BATCH_PREDICTION_JOB: { description: 'A batch prediction job.' },
    PREDICTIONS: { description: 'The output of such a job: files or a table.' },
    BACKTEST_JOB: { description: 'A backtest: a job that compares the predictions of a model with what happened.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A part of a lineage.' })
export class LineageNode {
  @Field(() => String, {
    description: 'The name by which the edges of the same answer refer to it. Do not store it: it can change.',
  })
  key!: string;

  @Field(() => LineageKindEnum, { description: 'What it is.' })
  kind!: keyof typeof LineageKindEnum;

  @Field(() => String, {
    description: 'The name for people: of a feature, table or model, a path, or the id of a job.',
  })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'SOURCE: the file with its SQL. TABLE of a source: its files. Both as the registry has them. Null for others, for a ' +
      'source without SQL, and if the client may not see the files of the registry (APPLY_REGISTRY).',
  })
  file!: string | null;

  @Field(() => Node, {
    nullable: true,
    description: 'The feature, model or job. Null for other kinds.',
  })
  object!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'An edge of a lineage: one node was made from another.' })
export class LineageEdge {
  @Field(() => String, { description: 'The `key` of the node that was used.' })
  from!: string;

  @Field(() => String, { description: 'The `key` of the node that used it.' })
  to!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What something was made from, and what was made from it (docs/lineage.md).',
})
export class Lineage {
  @Field(() => [LineageNode], {
    description: 'The nodes: first that of the argument.',
    complexity: listComplexity(),
  })
  nodes!: readonly LineageNode[];

  @Field(() => [LineageEdge], { description: 'The edges between them.', complexity: listComplexity() })
  edges!: readonly LineageEdge[];

  @Field(() => Boolean, {
    description: 'Whether all jobs were searched that the client may see. false: only the newest of each kind.',
  })
  isComplete!: boolean;
}
