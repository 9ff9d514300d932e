-- @labels ARRAY<STRUCT<row_id INT64, label_time TIMESTAMP, entity_id STRING>>
--   row_id: 0, label_time: 2020-08-01T00:00:10Z, entity_id: S1
--   row_id: 1, label_time: 2020-08-01T00:01:12Z, entity_id: S1
--   row_id: 2, label_time: 2020-09-01T00:02:10Z, entity_id: S1
--   row_id: 3, label_time: 2020-09-01T00:19:12Z, entity_id: S1
-- @latest TIMESTAMP = 2020-09-01T00:19:12Z
-- @ids_0_0_of_1_string ARRAY<STRING>
--   S1
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    l.`entity_id` AS key_0_0
  FROM UNNEST(@labels) AS l)
, source_0 AS (
  SELECT l.row_id,
    MAX(h.`event_timestamp`) AS newest,
    ARRAY_AGG(IF(h.`bid_pr` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`bid_pr` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_0,
    ARRAY_AGG(IF(h.`ask_pr` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`ask_pr` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_1
  FROM labels AS l
  JOIN `test-project.tempo_skip_nulls_on.thing__values` AS h ON h.`entity_id` = l.key_0_0 AND h.`event_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  source_0.value_0.v AS value_0, UNIX_MICROS(COALESCE(source_0.value_0.t, source_0.newest)) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.value_0.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  source_0.value_1.v AS value_1, UNIX_MICROS(COALESCE(source_0.value_1.t, source_0.newest)) AS timestamp_1, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.value_1.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
ORDER BY l.row_id
