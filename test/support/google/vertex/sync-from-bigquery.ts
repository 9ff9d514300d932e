import { readMicros } from '../bigquery-server/schema.js';
import { toProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import { toWireValue } from './bigquery-types.js';
import type { FeatureViewWorld, TestView } from './feature-views.js';

const PERMISSION_DENIED = 7;

/** Ends a sync: copies the rows of the tables of the view's feature groups, if its service account may read them. */
export function endSyncFromBigQuery(world: FeatureViewWorld, view: TestView, sync: any): void {
  const [region = ''] = view.resource.name.split('/featureOnlineStores/');
  const groupRegion = world.groupRegionOf(view.resource, region);
  let rows = 0;
  for (const { featureGroupId, featureIds } of view.resource.featureRegistrySource.featureGroups) {
    const { bigQuery } = world.featureGroups.get(`${groupRegion}/featureGroups/${featureGroupId}`)!.resource;
    const table = world.tableOf(bigQuery.bigQuerySource.inputUri);
    const dataset = world.tables!.dataset(table.project, table.dataset);
    const account = view.resource.serviceAccountEmail;
    if (!dataset.access.some(({ role, userByEmail }) => role === 'READER' && userByEmail === account)) {
      world.endSync(sync, { end: world.now(), rows: 0, code: PERMISSION_DENIED });
      return;
    }
    const indexOf = (name: string) => table.fields.findIndex((field) => field.name === name);
    const [id, time] = [indexOf('entity_id'), indexOf(bigQuery.timeSeries.timestampColumn)];
    for (const row of table.rows) {
      const at = readMicros(row[time]!);
      if (at > world.now()) continue;
      for (const feature of featureIds) {
        const wire = toWireValue(view.input.features[feature]!, row[indexOf(feature)]!);
        if (!wire) continue;
        const withTime = { ...wire, metadata: { generateTime: toProtoTime(at) } };
        view.values.put(JSON.stringify([row[id]!.string_value]), feature, withTime, world.now());
      }
      rows += 1;
    }
  }
  world.endSync(sync, { end: world.now(), rows });
}
