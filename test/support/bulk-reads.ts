import type { OfflineStore, PointInTimeCell, PointInTimeRead } from '../../datasources/offline/offline-store.js';
import { NOT_FOUND_CELL } from '../../values/feature-cell.js';

/** A store whose point-in-time reads are all bulk reads, however few their labels: one a source. */
export function withBulkReads(store: OfflineStore): Pick<OfflineStore, 'append' | 'pointInTime'> {
  return {
    append: (source, rows) => store.append(source, rows),
    pointInTime: async (read) => readCells(store, read),
  };
}

async function readCells(
  store: OfflineStore,
  { labels, features, ...read }: PointInTimeRead,
): Promise<PointInTimeCell[][]> {
  const notFound: PointInTimeCell = { ...NOT_FOUND_CELL, ...(read.writtenAfter && { writtenAfter: false }) };
  const cells = labels.map(() => features.map(() => notFound));
  for (const [, ofSource] of Map.groupBy(features, ({ source }) => source)) {
    const pages = { count: labels.length, page: async (from: number, to: number) => labels.slice(from, to) };
    for await (const batch of store.bulk!.pointInTime({ ...read, features: ofSource, labels: pages })) {
      for (const answer of batch) {
        ofSource.forEach((feature, index) => {
          cells[answer.label]![features.indexOf(feature)] = answer.cells[index]!;
        });
      }
    }
  }
  return cells;
}
