-- @labels ARRAY<STRUCT<row_id INT64, label_time TIMESTAMP, entity_id STRING>>
--   row_id: 0, label_time: 2020-08-01T00:00:02Z, entity_id: S1
--   row_id: 1, label_time: 2020-08-01T00:00:08Z, entity_id: S1
--   row_id: 2, label_time: 2020-08-01T00:00:11Z, entity_id: S1
--   row_id: 3, label_time: 2020-08-01T00:00:18Z, entity_id: S1
--   row_id: 4, label_time: 2020-08-01T00:00:19Z, entity_id: S1
--   row_id: 5, label_time: 2020-08-01T00:00:21Z, entity_id: S1
--   row_id: 6, label_time: 2020-08-01T00:00:23Z, entity_id: S1
-- @latest TIMESTAMP = 2020-08-01T00:00:23Z
-- @ids_0_0_of_1_string ARRAY<STRING>
--   S1
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    l.`entity_id` AS key_0_0
  FROM UNNEST(@labels) AS l)
, source_0 AS (
  SELECT l.row_id,
    ARRAY_AGG(STRUCT(h.`event_timestamp` AS t, h.`bid_pr` AS value_0, h.`ask_pr` AS value_1) ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS newest
  FROM labels AS l
  JOIN `test-project.tempo_partitioned.thing__values` AS h ON h.`entity_id` = l.key_0_0 AND h.`event_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  source_0.newest.value_0 AS value_0, UNIX_MICROS(source_0.newest.t) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_0 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  source_0.newest.value_1 AS value_1, UNIX_MICROS(source_0.newest.t) AS timestamp_1, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_1 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
ORDER BY l.row_id
