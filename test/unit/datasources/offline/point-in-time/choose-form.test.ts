import { describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../../../datasources/duckdb/database.js';
import { planPointInTime } from '../../../../../datasources/offline/point-in-time/plan.js';
import {
  chooseForm,
  dependsOnHistory,
  historySizeSql,
} from '../../../../../datasources/offline/point-in-time/duckdb/choose-form.js';
import { testEntityType } from '../../../../support/test-registry.js';

describe('the form of a point-in-time query', () => {
  it('is a timeline for many labels of one entity with a long history', () => {
    expect(dependsOnHistory(1488, 3_000_000)).toBe(true);
    expect(chooseForm(1488, { pairs: 1488 * 3_000_000, rows: 3_000_000 })).toBe('timeline');
  });

  it('is a lookup for as many labels of as many entities', () => {
    expect(chooseForm(1488, { pairs: 1488 * 2000, rows: 1488 * 2000 })).toBe('lookup');
  });

  it('is a lookup for one label, and for a short history, without a look at it', () => {
    expect(dependsOnHistory(1, 1_000_000_000)).toBe(false);
    expect(dependsOnHistory(1488, 100)).toBe(false);
    expect(chooseForm(1488)).toBe('lookup');
  });

  it('is a timeline for more labels than a lookup takes, without a look at the history', () => {
    expect(dependsOnHistory(10_001, 3_000_000)).toBe(false);
    expect(chooseForm(10_001)).toBe('timeline');
  });

  it('is chosen from the rows of the entities that have labels', async () => {
    const entityType = testEntityType({
      name: 'hub',
      sources: [{ features: [{ name: 'count', valueType: 'INT64' }] }],
    });
    const [source] = planPointInTime([{ entityColumn: 'entity_0', features: entityType.features }]).sources;
    const database = await DuckDbDatabase.open(':memory:');
    const rows = await database.use(async (connection) => {
      await connection.run(`CREATE TABLE h AS SELECT 'e' || r % 4 AS entity_id FROM range(400) AS rows(r)`);
      const labels = `SELECT unnest(['e0', 'e0', 'e0', 'e1', 'unknown', NULL]) AS entity_0`;
      return (await connection.runAndReadAll(historySizeSql(source!, labels, 'h'))).getRowObjects();
    });
    database.close();
    expect(rows).toEqual([{ pairs: 400, history_rows: 200 }]);
  });
});
