-- @labels [{"row_id":"INT64","label_time":"TIMESTAMP","origin":"STRING","destination":"STRING","route":"STRING"}]
-- @latest "TIMESTAMP"
-- @ids_0_0_of_1_string ["STRING"]
-- @ids_2_0_of_1_string ["STRING"]
-- @ids_3_0_of_2_string ["STRING"]
-- @ids_3_1_of_2_string ["STRING"]
-- @ttl_7200000000 "INT64"
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
  SELECT * FROM ML.ENTITY_FEATURES_AT_TIME(
    (SELECT h.`entity_id` AS entity_id,
      h.`event_timestamp` AS feature_timestamp,
      h.`event_timestamp` AS observed_at,
      h.`mean_delay` AS value_0,
      IF(h.`mean_delay` IS NULL, NULL, h.`event_timestamp`) AS timestamp_0,
      IF(h.`weather` IS NULL, NULL, TO_JSON_STRING(h.`weather`)) AS value_1,
      IF(h.`weather` IS NULL, NULL, h.`event_timestamp`) AS timestamp_1,
      h.`last_departure` AS value_2,
      IF(h.`last_departure` IS NULL, NULL, h.`event_timestamp`) AS timestamp_2
     FROM `test-project.features.airport__values` AS h WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)),
    (SELECT DISTINCT l.key_0_0 AS entity_id, TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND) AS time
     FROM labels AS l WHERE l.key_0_0 IS NOT NULL AND TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND) IS NOT NULL),
    NUM_ROWS => 1, IGNORE_FEATURE_NULLS => TRUE))
, source_1 AS (
  SELECT l.row_id,
    ARRAY_AGG(IF(h.`city` IS NOT NULL, STRUCT(h.`city` AS v), NULL) IGNORE NULLS LIMIT 1)[SAFE_OFFSET(0)] AS value_3
  FROM labels AS l
  JOIN `test-project.features.airport__fixed` AS h ON h.`entity_id` = l.key_1_0 AND l.label_time IS NOT NULL
  WHERE h.`entity_id` IN UNNEST(@ids_0_0_of_1_string)
  GROUP BY l.row_id)
, source_2 AS (
  SELECT * FROM ML.ENTITY_FEATURES_AT_TIME(
    (SELECT h.`entity_id` AS entity_id,
      h.`event_timestamp` AS feature_timestamp,
      h.`event_timestamp` AS observed_at,
      h.`mean_delay` AS value_4,
      IF(h.`mean_delay` IS NULL, NULL, h.`event_timestamp`) AS timestamp_4
     FROM `test-project.features.airport__values` AS h WHERE h.`event_timestamp` <= @latest AND h.`entity_id` IN UNNEST(@ids_2_0_of_1_string)),
    (SELECT DISTINCT l.key_2_0 AS entity_id, TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND) AS time
     FROM labels AS l WHERE l.key_2_0 IS NOT NULL AND TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND) IS NOT NULL),
    NUM_ROWS => 1, IGNORE_FEATURE_NULLS => TRUE))
, source_3 AS (
  SELECT * FROM ML.ENTITY_FEATURES_AT_TIME(
    (SELECT CONCAT(REPLACE(REPLACE(h.`origin`, '%', '%25'), ',', '%2C'), ',', REPLACE(REPLACE(h.`destination`, '%', '%25'), ',', '%2C')) AS entity_id,
      h.`event_timestamp` AS feature_timestamp,
      h.`event_timestamp` AS observed_at,
      h.`flights` AS value_5
     FROM `test-project.features.route__values` AS h WHERE h.`event_timestamp` <= @latest AND h.`origin` IN UNNEST(@ids_3_0_of_2_string) AND h.`destination` IN UNNEST(@ids_3_1_of_2_string)),
    (SELECT DISTINCT CONCAT(REPLACE(REPLACE(l.key_3_0, '%', '%25'), ',', '%2C'), ',', REPLACE(REPLACE(l.key_3_1, '%', '%25'), ',', '%2C')) AS entity_id, TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND) AS time
     FROM labels AS l WHERE CONCAT(REPLACE(REPLACE(l.key_3_0, '%', '%25'), ',', '%2C'), ',', REPLACE(REPLACE(l.key_3_1, '%', '%25'), ',', '%2C')) IS NOT NULL AND TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND) IS NOT NULL),
    NUM_ROWS => 1, IGNORE_FEATURE_NULLS => FALSE))
SELECT l.row_id,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.timestamp_0, source_0.observed_at)) > @ttl_7200000000, NULL, source_0.value_0) AS value_0, UNIX_MICROS(COALESCE(source_0.timestamp_0, source_0.observed_at)) AS timestamp_0, CASE WHEN NOT (source_0.entity_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.timestamp_0, source_0.observed_at)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_0.value_0 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_0,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.timestamp_1, source_0.observed_at)) > @ttl_7200000000, NULL, source_0.value_1) AS value_1, UNIX_MICROS(COALESCE(source_0.timestamp_1, source_0.observed_at)) AS timestamp_1, CASE WHEN NOT (source_0.entity_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.timestamp_1, source_0.observed_at)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_0.value_1 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_1,
  UNIX_MICROS(IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.timestamp_2, source_0.observed_at)) > @ttl_7200000000, NULL, source_0.value_2)) AS value_2, UNIX_MICROS(COALESCE(source_0.timestamp_2, source_0.observed_at)) AS timestamp_2, CASE WHEN NOT (source_0.entity_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_0.timestamp_2, source_0.observed_at)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_0.value_2 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_2,
  source_1.value_3.v AS value_3, CAST(NULL AS INT64) AS timestamp_3, CASE WHEN NOT (source_1.row_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_1.value_3.v IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_3,
  IF(UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_2.timestamp_4, source_2.observed_at)) > @ttl_7200000000, NULL, source_2.value_4) AS value_4, UNIX_MICROS(COALESCE(source_2.timestamp_4, source_2.observed_at)) AS timestamp_4, CASE WHEN NOT (source_2.entity_id IS NOT NULL) THEN 'NOT_FOUND' WHEN UNIX_MICROS(l.label_time) - UNIX_MICROS(COALESCE(source_2.timestamp_4, source_2.observed_at)) > @ttl_7200000000 THEN 'EXPIRED' WHEN source_2.value_4 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_4,
  source_3.value_5 AS value_5, UNIX_MICROS(source_3.observed_at) AS timestamp_5, CASE WHEN NOT (source_3.entity_id IS NOT NULL) THEN 'NOT_FOUND' WHEN source_3.value_5 IS NULL THEN 'NULL' ELSE 'PRESENT' END AS status_5
FROM labels AS l
LEFT JOIN source_0 ON source_0.entity_id = l.key_0_0 AND source_0.feature_timestamp = TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND)
LEFT JOIN source_1 ON source_1.row_id = l.row_id
LEFT JOIN source_2 ON source_2.entity_id = l.key_2_0 AND source_2.feature_timestamp = TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND)
LEFT JOIN source_3 ON source_3.entity_id = CONCAT(REPLACE(REPLACE(l.key_3_0, '%', '%25'), ',', '%2C'), ',', REPLACE(REPLACE(l.key_3_1, '%', '%25'), ',', '%2C')) AND source_3.feature_timestamp = TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND)
ORDER BY l.row_id
