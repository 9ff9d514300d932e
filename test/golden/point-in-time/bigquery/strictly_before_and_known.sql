-- @labels [{"row_id":"INT64","label_time":"TIMESTAMP","origin":"STRING","destination":"STRING","route":"STRING"}]
-- @latest "TIMESTAMP"
-- @ids_0_0_of_1_string ["STRING"]
-- @ids_2_0_of_1_string ["STRING"]
-- @ids_3_0_of_2_string ["STRING"]
-- @ids_3_1_of_2_string ["STRING"]
-- @ttl_7200000000 "INT64"
-- @ttl_3600000000 "INT64"
WITH labels AS (
  SELECT l.row_id,
    l.label_time,
    l.`origin` AS key_0_0,
    l.`origin` AS key_1_0,
    l.`destination` AS key_2_0,
    IF(ARRAY_LENGTH(SPLIT(l.`route`, ',')) = 2, REPLACE(REPLACE(SPLIT(l.`route`, ',')[SAFE_OFFSET(0)], '%2C', ','), '%25', '%'), NULL) AS key_3_0,
    IF(ARRAY_LENGTH(SPLIT(l.`route`, ',')) = 2, REPLACE(REPLACE(SPLIT(l.`route`, ',')[SAFE_OFFSET(1)], '%2C', ','), '%25', '%'), NULL) AS key_3_1
  FROM UNNEST(@labels) AS l)
, source_0 AS (
  SELECT l.row_id,
    MAX(h.`event_timestamp`) AS newest,
    ARRAY_AGG(IF(h.`mean_delay` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`mean_delay` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_0,
    ARRAY_AGG(IF((ARRAY_LENGTH(h.`runways`) > 0 OR 'runways' IN UNNEST(h.`empty_arrays`)), STRUCT(h.`event_timestamp` AS t, h.`runways` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_1,
    ARRAY_AGG(IF(h.`weather` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, TO_JSON_STRING(h.`weather`) AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_2,
    ARRAY_AGG(IF(h.`last_departure` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`last_departure` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_3
  FROM labels AS l
  JOIN `test-project.features.airport__values` AS h ON h.`entity_id` = l.key_0_0 AND h.`event_timestamp` < l.label_time AND h.`created_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
, source_1 AS (
  SELECT l.row_id,
    ARRAY_AGG(IF(h.`city` IS NOT NULL, STRUCT(h.`city` AS v), NULL) IGNORE NULLS ORDER BY h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_4
  FROM labels AS l
  JOIN `test-project.features.airport__fixed` AS h ON h.`entity_id` = l.key_1_0 AND l.label_time IS NOT NULL
  WHERE h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
, source_2 AS (
  SELECT l.row_id,
    MAX(h.`event_timestamp`) AS newest,
    ARRAY_AGG(IF(h.`mean_delay` IS NOT NULL, STRUCT(h.`event_timestamp` AS t, h.`mean_delay` AS v), NULL) IGNORE NULLS ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS value_5
  FROM labels AS l
  JOIN `test-project.features.airport__values` AS h ON h.`entity_id` = l.key_2_0 AND h.`event_timestamp` < l.label_time AND h.`created_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_2_0_of_1_string)
  GROUP BY l.row_id)
, source_3 AS (
  SELECT l.row_id,
    ARRAY_AGG(STRUCT(h.`event_timestamp` AS t, h.`flights` AS value_6) ORDER BY h.`event_timestamp` DESC, h.`created_timestamp` DESC, h.`sequence` DESC, h.`arrival_number` DESC LIMIT 1)[SAFE_OFFSET(0)] AS newest
  FROM labels AS l
  JOIN `test-project.features.route__values` AS h ON h.`origin` = l.key_3_0 AND h.`destination` = l.key_3_1 AND h.`event_timestamp` < l.label_time AND h.`created_timestamp` <= l.label_time
  WHERE h.`event_timestamp` <= @latest AND h.`origin` IN UNNEST(@ids_3_0_of_2_string) AND h.`destination` IN UNNEST(@ids_3_1_of_2_string)
  GROUP BY l.row_id)
SELECT l.row_id,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_0.t, source_0.newest)) > @ttl_7200000000, NULL, source_0.value_0.v) AS value_0, UNIX_MICROS(COALESCE(source_0.value_0.t, source_0.newest)) AS timestamp_0, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_0.t, source_0.newest)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_0.value_0.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_1.t, source_0.newest)) > @ttl_3600000000, NULL, source_0.value_1.v) AS value_1, UNIX_MICROS(COALESCE(source_0.value_1.t, source_0.newest)) AS timestamp_1, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_1.t, source_0.newest)) > @ttl_3600000000 THEN 'EXPIRED' WHEN source_0.value_1.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_2.t, source_0.newest)) > @ttl_7200000000, NULL, source_0.value_2.v) AS value_2, UNIX_MICROS(COALESCE(source_0.value_2.t, source_0.newest)) AS timestamp_2, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_2.t, source_0.newest)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_0.value_2.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_2,
  UNIX_MICROS(IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_3.t, source_0.newest)) > @ttl_7200000000, NULL, source_0.value_3.v)) AS value_3, UNIX_MICROS(COALESCE(source_0.value_3.t, source_0.newest)) AS timestamp_3, CASE WHEN NOT (source_0.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.value_3.t, source_0.newest)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_0.value_3.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_3,
  source_1.value_4.v AS value_4, CAST(NULL AS INT64) AS timestamp_4, CASE WHEN NOT (source_1.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_1.value_4.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_4,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_2.value_5.t, source_2.newest)) > @ttl_7200000000, NULL, source_2.value_5.v) AS value_5, UNIX_MICROS(COALESCE(source_2.value_5.t, source_2.newest)) AS timestamp_5, CASE WHEN NOT (source_2.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_2.value_5.t, source_2.newest)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_2.value_5.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_5,
  source_3.newest.value_6 AS value_6, UNIX_MICROS(source_3.newest.t) AS timestamp_6, CASE WHEN NOT (source_3.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_3.newest.value_6 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_6
FROM labels AS l
LEFT JOIN source_0 ON source_0.row_id = l.row_id
LEFT JOIN source_1 ON source_1.row_id = l.row_id
LEFT JOIN source_2 ON source_2.row_id = l.row_id
LEFT JOIN source_3 ON source_3.row_id = l.row_id
ORDER BY l.row_id
