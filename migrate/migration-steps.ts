import { z } from 'zod';
import { VALUE_TYPES } from '../values/value-type.js';

const text = z.string().max(2000);
const common = {
  /** Unique in its plan, such as `export:shop.customer`. */
  id: z.string().min(1).max(300),
  /** The phase: the steps of a phase may run at the same time; a phase begins when the one before it has ended. */
  phase: z.string().min(1).max(60),
  title: text,
  cost: text,
  undo: text,
};
const table = z.strictObject({ project: z.string(), dataset: z.string(), table: z.string() });
const labels = z.record(z.string(), z.string());
const column = z.strictObject({ name: z.string(), valueType: z.enum(VALUE_TYPES) });
const place = { project: z.string(), location: z.string() };

const tables = {
  entityType: z.string(),
  from: table,
  to: table,
  datasetLocation: z.string(),
  columns: z.array(column).min(1),
};

/** A step as data. A state file keeps steps, so a change of a field must be one that old files fit too. */
export const migrationStep = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('preflight'),
    ...place,
    dataset: z.strictObject({ project: z.string(), dataset: z.string(), location: z.string() }),
    groups: z.array(z.string()),
    groupQuota: z.number(),
    views: z.array(z.strictObject({ project: z.string(), onlineStore: z.string(), ids: z.array(z.string()) })),
    viewQuota: z.number(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('export'),
    ...place,
    /** The resource name of the entity type. */
    entityType: z.string(),
    to: table,
    /** null: all values. Else the values whose event time is at most `days` before the start of that export, or later. */
    since: z.nullable(z.strictObject({ export: z.string(), days: z.number() })),
  }),
  z.strictObject({ ...common, kind: z.literal('table'), ...tables }),
  z.strictObject({ ...common, kind: z.literal('merge'), ...tables }),
  z.strictObject({
    ...common,
    kind: z.literal('feature-group'),
    ...place,
    group: z.string(),
    table,
    timeColumn: z.string(),
    description: z.string(),
    labels,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('features'),
    ...place,
    group: z.string(),
    features: z.array(z.strictObject({ name: z.string(), description: z.string(), labels })).min(1),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('online-store'),
    ...place,
    onlineStore: z.string(),
    maxNodes: z.number(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('view'),
    ...place,
    onlineStore: z.string(),
    view: z.string(),
    groups: z.array(z.strictObject({ featureGroupId: z.string(), featureIds: z.array(z.string()).min(1) })).min(1),
    /** The number of the project of the feature groups, where it is another one. */
    projectNumber: z.nullable(z.string()),
    cron: z.string(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('grant'),
    location: z.string(),
    dataset: z.strictObject({ project: z.string(), dataset: z.string() }),
    views: z.array(z.string()),
  }),
  z.strictObject({ ...common, kind: z.literal('sync'), location: z.string(), view: z.string() }),
  z.strictObject({ ...common, kind: z.literal('decision'), instructions: z.array(text) }),
]);

export type MigrationStep = z.output<typeof migrationStep>;
export type StepKind = MigrationStep['kind'];
export type StepOf<Kind extends StepKind> = Extract<MigrationStep, { kind: Kind }>;
