-- @labels ARRAY<STRUCT<row_id INT64, label_time TIMESTAMP, entity_id STRING>>
--   row_id: 0, label_time: 2024-10-29T00:00:00Z, entity_id: L0
--   row_id: 1, label_time: 2024-10-30T00:00:00Z, entity_id: L0
--   row_id: 2, label_time: 2024-10-31T00:00:00Z, entity_id: L0
--   row_id: 3, label_time: 2024-10-30T00:00:00Z, entity_id: L1
--   row_id: 4, label_time: 2024-10-31T00:00:00Z, entity_id: L1
--   row_id: 5, label_time: 2024-10-30T00:00:00Z, entity_id: L2
--   row_id: 6, label_time: 2024-11-01T00:00:00Z, entity_id: L2
-- @latest TIMESTAMP = 2024-11-01T00:00:00Z
-- @ids_0_0_of_1_string ARRAY<STRING>
--   L0
--   L1
--   L2
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    l.`entity_id` AS key_0_0
  FROM UNNEST(@labels) AS l)
, source_0 AS (
  SELECT l.row_id,
    ARRAY_AGG(STRUCT(h.`event_timestamp` AS t, h.`swell_direction` AS value_0, h.`wave_power_kj` AS value_1, h.`swell_period_sec` AS value_2, h.`wind_speed_kts` AS value_3) ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS newest
  FROM labels AS l
  JOIN `test-project.featureform_waves.thing__values` AS h ON h.`entity_id` = l.key_0_0 AND h.`event_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  source_0.newest.value_0 AS value_0, UNIX_MICROS(source_0.newest.t) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_0 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  source_0.newest.value_1 AS value_1, UNIX_MICROS(source_0.newest.t) AS timestamp_1, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_1 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1,
  source_0.newest.value_2 AS value_2, UNIX_MICROS(source_0.newest.t) AS timestamp_2, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_2 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_2,
  source_0.newest.value_3 AS value_3, UNIX_MICROS(source_0.newest.t) AS timestamp_3, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_3 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_3
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
ORDER BY l.row_id
