import type { FeaturestoreInput } from '../datasources/registry/document/document.js';
import { formatTablePath } from '../datasources/google/bigquery/tables.js';
import type { LegacyFeaturestore } from '../datasources/google/vertex/legacy-featurestore.js';
import { featureViewName, legacyEntityTypeName } from '../datasources/google/vertex/resource-names.js';
import { assignViews, type AssignedView, type ViewPlaces } from './assign-views.js';
import { listMigrationLosses, TIME_COLUMN } from './migration-losses.js';
import type { MigrationStep } from './migration-steps.js';
import { GROUP_QUOTA, type MigrationTarget } from './migration-target.js';
import {
  listExportedTypes,
  listMovedTypes,
  type ExportedType,
  type MovedType,
  type ViewOfType,
} from './moved-types.js';
import { planRegistry } from './planned-registry.js';

export interface MigrationPlan {
  readonly steps: readonly MigrationStep[];
  /** The featurestores of a registry file that serves from the legacy featurestores and compares with the new views. */
  readonly featurestores: readonly FeaturestoreInput[];
  /** One sentence each, with what to do instead. */
  readonly cannotMove: readonly string[];
  readonly types: readonly MovedType[];
  readonly views: readonly AssignedView<ViewOfType>[];
}

/** A view syncs at night by default: each sync reads the tables and is billed. */
const SCHEDULE = 'CRON_TZ=UTC 0 3 * * *';
const NOTHING = 'nothing';

/** The steps that migrate legacy featurestores to feature groups and views, from what the API says of them. */
export function planMigration(
  legacies: readonly LegacyFeaturestore[],
  target: MigrationTarget,
  places: readonly ViewPlaces[],
): MigrationPlan {
  const types = listMovedTypes(legacies, target);
  const members = types.map((type) => ({
    group: type.group,
    features: type.features.map(({ name }) => name),
    type,
  }));
  const views = assignViews(members, places, { wide: target.wideViews, prefix: target.prefix });
  const shared = views.filter(({ members: of }) => of.length > 1);
  return {
    steps: listSteps(legacies, types, views, target),
    featurestores: legacies
      .filter((legacy) => types.some((type) => type.legacy === legacy))
      .map((legacy) =>
        planRegistry(
          legacy,
          types.filter((type) => type.legacy === legacy),
          views,
          target,
        ),
      ),
    cannotMove: [
      ...legacies.flatMap(listMigrationLosses),
      ...shared.map(
        ({ id, members: of }) =>
          `View ${id} is shared by ${of.map(({ type }) => type.label).join(' and ')}: an id that one of them has is NULL, ` +
          'not NOT_FOUND, in the others.',
      ),
    ],
    types,
    views,
  };
}

function listSteps(
  legacies: readonly LegacyFeaturestore[],
  types: readonly MovedType[],
  views: readonly AssignedView<ViewOfType>[],
  target: MigrationTarget,
): MigrationStep[] {
  const place = { project: target.project, location: target.location };
  const projects = [...new Set(views.map(({ project }) => project))];
  const viewName = ({ project, id }: AssignedView<ViewOfType>): string =>
    featureViewName({ project, location: target.location }, target.onlineStore, id);
  const syncs = (phase: string, undo: string): MigrationStep[] =>
    views.map((view) => ({
      id: `${phase}:${view.project}.${view.id}`,
      phase,
      kind: 'sync',
      title: `Sync view ${view.id}`,
      cost: 'BigQuery reads its tables once; Vertex AI bills the copied bytes',
      undo,
      location: target.location,
      view: viewName(view),
    }));
  return [
    {
      id: 'preflight',
      phase: 'preflight',
      kind: 'preflight',
      title: 'Check the quotas, and the dataset and its location',
      cost: NOTHING,
      undo: NOTHING,
      ...place,
      dataset: { project: target.project, dataset: target.dataset, location: target.datasetLocation },
      groups: types.map(({ group }) => group),
      groupQuota: GROUP_QUOTA,
      views: projects.map((project) => ({
        project,
        onlineStore: target.onlineStore,
        ids: views.filter((view) => view.project === project).map(({ id }) => id),
      })),
      viewQuota: target.viewQuota,
    },
    ...[...types, ...listExportedTypes(legacies, target)].map((type) =>
      exportStep(type, target, 'export', type.firstExport),
    ),
    ...types.map((type) => tableStep(type, target, 'table')),
    ...types.map((type): MigrationStep => ({
      id: `feature-group:${type.label}`,
      phase: 'feature-group',
      kind: 'feature-group',
      title: `Make feature group ${type.group}`,
      cost: NOTHING,
      undo: `delete feature group ${type.group}`,
      ...place,
      group: type.group,
      table: type.table,
      timeColumn: TIME_COLUMN,
      description: type.entityType.description,
      labels: { ...type.entityType.labels },
    })),
    ...types.map((type): MigrationStep => ({
      id: `features:${type.label}`,
      phase: 'features',
      kind: 'features',
      title: `Make the ${type.features.length} features of ${type.group}`,
      cost: NOTHING,
      undo: `delete feature group ${type.group} with its features`,
      ...place,
      group: type.group,
      features: type.features.map(({ name, description, labels }) => ({ name, description, labels: { ...labels } })),
    })),
    ...projects.map((project): MigrationStep => ({
      id: `online-store:${project}`,
      phase: 'online-store',
      kind: 'online-store',
      title: `Make feature online store ${target.onlineStore} in ${project}`,
      cost: 'one Bigtable node or more, each hour until it is deleted',
      undo: `delete feature online store ${target.onlineStore} with its views`,
      project,
      location: target.location,
      onlineStore: target.onlineStore,
      maxNodes: Math.min(10, Math.max(1, ...legacies.map(({ nodes }) => nodes))),
    })),
    ...views.map((view): MigrationStep => ({
      id: `view:${view.project}.${view.id}`,
      phase: 'view',
      kind: 'view',
      title: `Make feature view ${view.id} of ${view.members.map(({ type }) => type.label).join(', ')}`,
      cost: 'a sync each night reads its tables',
      undo: `delete feature view ${view.id}`,
      project: view.project,
      location: target.location,
      onlineStore: target.onlineStore,
      view: view.id,
      groups: view.members.map(({ group, features }) => ({ featureGroupId: group, featureIds: [...features] })),
      projectNumber: view.project === target.project ? null : target.projectNumber,
      cron: SCHEDULE,
    })),
    {
      id: 'grant',
      phase: 'grant',
      kind: 'grant',
      title: `Let the service account of each view read dataset ${target.dataset}`,
      cost: NOTHING,
      undo: `take these accounts off the access list of dataset ${target.dataset}`,
      location: target.location,
      dataset: { project: target.project, dataset: target.dataset },
      views: views.map(viewName),
    },
    ...syncs('sync', 'delete the view'),
    decision('dual-writes', 'All writers write through featuregraph', 'let writers write to the legacy featurestore', [
      'Serve the registry that `featuregraph migrate registry` prints. It serves from the legacy featurestore.',
      'Let every writer and import write through featuregraph: to the table, the legacy featurestore and the view (docs/writing.md).',
      'When none writes to the legacy featurestore by itself: featuregraph migrate run --confirm dual-writes',
    ]),
    ...types.map((type) => exportStep(type, target, 'export-2', type.secondExport)),
    ...types.map((type) => tableStep(type, target, 'merge')),
    ...syncs('sync-2', NOTHING),
    decision('compare', 'The new views have the values of the legacy featurestore', NOTHING, [
      'featuregraph migrate compare compares all entity types. It confirms this step when no more than --threshold differs.',
    ]),
    decision(
      'switch',
      'featuregraph serves from the new views',
      'featuregraph migrate back, and restart the gateways',
      ['featuregraph migrate switch changes the registry file. Then restart the gateways, one after another.'],
    ),
    decision('leave', 'The legacy featurestore is deleted', 'impossible', [
      'Take `shadow` out of the registry, restart the gateways, and delete the legacy featurestore: its nodes are billed until then.',
      'Then delete the tables legacy_export__* and legacy_export_2__*. Only they have the features that could not move.',
      'featuregraph migrate run --confirm leave',
    ]),
  ];
}

function exportStep(
  type: ExportedType,
  target: MigrationTarget,
  phase: 'export' | 'export-2',
  to: ExportedType['firstExport'],
): MigrationStep {
  return {
    id: `${phase}:${type.label}`,
    phase,
    kind: 'export',
    title:
      phase === 'export'
        ? `Export all values of ${type.label}`
        : `Export the values of ${type.label} since ${target.lateDays} days before the first export`,
    cost: 'the exported bytes, and their storage in BigQuery',
    undo: `delete table ${formatTablePath(to)}`,
    project: target.project,
    location: target.location,
    entityType: legacyEntityTypeName(type.legacy.place, type.legacy.name, type.entityType.name),
    to,
    since: phase === 'export' ? null : { export: `export:${type.label}`, days: target.lateDays },
  };
}

function tableStep(type: MovedType, target: MigrationTarget, kind: 'table' | 'merge'): MigrationStep {
  const isFirst = kind === 'table';
  const path = formatTablePath(type.table);
  return {
    id: `${kind}:${type.label}`,
    phase: kind,
    kind,
    title: isFirst ? `Make table ${path}` : `Add the second export to table ${path}`,
    cost: isFirst ? 'BigQuery reads the export, and stores it again' : 'BigQuery reads the second export and the table',
    undo: isFirst ? `delete table ${path}` : 'not needed: the added values are those of the legacy featurestore',
    entityType: type.entityType.name,
    from: isFirst ? type.firstExport : type.secondExport,
    to: type.table,
    datasetLocation: target.datasetLocation,
    columns: type.features.map(({ name, valueType }) => ({ name, valueType })),
  };
}

function decision(id: string, title: string, undo: string, instructions: string[]): MigrationStep {
  return { id, phase: id, kind: 'decision', title, cost: NOTHING, undo, instructions };
}
