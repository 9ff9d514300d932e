-- @labels ARRAY<STRUCT<row_id INT64, label_time TIMESTAMP, entity_id STRING>>
--   row_id: 0, label_time: 2016-05-25T13:30:00.023Z, entity_id: MSFT,ARCA
--   row_id: 1, label_time: 2016-05-25T13:30:00.023Z, entity_id: MSFT,NSDQ
--   row_id: 2, label_time: 2016-05-25T13:30:00.046Z, entity_id: GOOG,NSDQ
--   row_id: 3, label_time: 2016-05-25T13:30:00.048Z, entity_id: GOOG,BATS
--   row_id: 4, label_time: 2016-05-25T13:30:00.05Z, entity_id: AAPL,NSDQ
-- @latest TIMESTAMP = 2016-05-25T13:30:00.05Z
-- @ids_0_0_of_2_string ARRAY<STRING>
--   MSFT
--   GOOG
--   AAPL
-- @ids_0_1_of_2_string ARRAY<STRING>
--   ARCA
--   NSDQ
--   BATS
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    IF(ARRAY_LENGTH(SPLIT(l.`entity_id`, ',')) = 2, REPLACE(REPLACE(SPLIT(l.`entity_id`, ',')[SAFE_OFFSET(0)], '%2C', ','), '%25', '%'), NULL) AS key_0_0,
    IF(ARRAY_LENGTH(SPLIT(l.`entity_id`, ',')) = 2, REPLACE(REPLACE(SPLIT(l.`entity_id`, ',')[SAFE_OFFSET(1)], '%2C', ','), '%25', '%'), NULL) AS key_0_1
  FROM UNNEST(@labels) AS l)
, source_0 AS (
  SELECT l.row_id,
    ARRAY_AGG(STRUCT(h.`event_timestamp` AS t, h.`bid` AS value_0, h.`ask` AS value_1) ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS newest
  FROM labels AS l
  JOIN `test-project.pandas_multiby.thing__values` AS h ON h.`ticker` = l.key_0_0 AND h.`exch` = l.key_0_1 AND h.`event_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`ticker` IN UNNEST(@ids_0_0_of_2_string) AND h.`exch` IN UNNEST(@ids_0_1_of_2_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  source_0.newest.value_0 AS value_0, UNIX_MICROS(source_0.newest.t) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_0 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  source_0.newest.value_1 AS value_1, UNIX_MICROS(source_0.newest.t) AS timestamp_1, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_0.newest.value_1 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
ORDER BY l.row_id
