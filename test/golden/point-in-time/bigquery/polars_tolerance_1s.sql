-- @labels ARRAY<STRUCT<row_id INT64, label_time TIMESTAMP, entity_id STRING>>
--   row_id: 0, label_time: 2020-01-01T09:00:01Z, entity_id: A
--   row_id: 1, label_time: 2020-01-01T09:00:01Z, entity_id: B
--   row_id: 2, label_time: 2020-01-01T09:00:03Z, entity_id: B
--   row_id: 3, label_time: 2020-01-01T09:00:06Z, entity_id: C
-- @latest TIMESTAMP = 2020-01-01T09:00:06Z
-- @ids_0_0_of_1_string ARRAY<STRING>
--   A
--   B
--   C
-- @ttl_1000000 INT64 = 1000000
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    l.`entity_id` AS key_0_0
  FROM UNNEST(@labels) AS l)
, source_0 AS (
  SELECT l.row_id,
    ARRAY_AGG(STRUCT(h.`event_timestamp` AS t, h.`quote` AS value_0) ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS newest
  FROM labels AS l
  JOIN `test-project.polars_tolerance_1s.thing__values` AS h ON h.`entity_id` = l.key_0_0 AND h.`event_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(source_0.newest.t) > @ttl_1000000, NULL, source_0.newest.value_0) AS value_0, UNIX_MICROS(source_0.newest.t) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(source_0.newest.t) > @ttl_1000000 THEN 'EXPIRED' WHEN source_0.newest.value_0 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
ORDER BY l.row_id
