-- @latest TIMESTAMP = 2022-06-12T12:00:00Z
-- @ids_0_0_of_1_string ARRAY<STRING>
--   id1
--   id2
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    l.`entity_id` AS key_0_0
  FROM `test-project.bigquery_example3.featuregraph_labels_ID` AS l)
, source_0 AS (
  SELECT l.row_id,
    MAX(h.`event_timestamp`) AS newest,
    ARRAY_AGG(IF(h.`f_1` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`f_1` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_0,
    ARRAY_AGG(IF(h.`f_2` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`f_2` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_1
  FROM labels AS l
  JOIN `test-project.bigquery_example3.thing__values` AS h ON h.`entity_id` = l.key_0_0 AND h.`event_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  source_0.value_0.v AS value_0, UNIX_MICROS(COALESCE(source_0.value_0.t, source_0.newest)) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.value_0.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  source_0.value_1.v AS value_1, UNIX_MICROS(COALESCE(source_0.value_1.t, source_0.newest)) AS timestamp_1, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.value_1.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
