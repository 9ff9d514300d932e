-- One row an airport and hour, from the airport's first flight to the end of the data, quiet hours included.
--
-- What happened in hour h is known at its end: event_timestamp is h + 1 hour, so no feature tells of a flight that had
-- not left. A flight's delay is taken as known at the end of the hour it was to leave in. Times are those of the data
-- set, read as UTC. "Late" is 15 minutes or more, as the US Department of Transportation counts.
WITH flight AS (
  SELECT origin, destination, delay, date AS departed_at, date_trunc('hour', date) AS hour
  FROM flights
  WHERE in_partition(origin)
),
span AS (
  SELECT origin, min(hour) AS first_hour, (SELECT date_trunc('hour', max(date)) FROM flights) AS last_hour FROM flight GROUP BY origin
),
every_hour AS (
  SELECT origin, unnest(generate_series(first_hour, last_hour, INTERVAL 1 HOUR)) AS hour FROM span
),
per_hour AS (
  SELECT
    origin,
    hour,
    count(*) AS departures,
    sum(delay) AS delay_minutes,
    count(*) FILTER (WHERE delay >= 15) AS late,
    max(departed_at) AS last_departure_at,
    arg_max(destination, (departed_at, destination)) AS last_destination
  FROM flight
  GROUP BY origin, hour
),
-- The 90th percentile needs single flights, not sums: each hour is a row beside its flights, and a quantile skips nulls.
percentiles AS (
  SELECT
    origin,
    hour,
    is_hour,
    quantile_cont(delay, 0.9) OVER (
      PARTITION BY origin ORDER BY hour RANGE BETWEEN INTERVAL 23 HOURS PRECEDING AND CURRENT ROW
    ) AS p90_delay_24h
  FROM (
    SELECT origin, hour, delay, false AS is_hour FROM flight
    UNION ALL
    SELECT origin, hour, NULL, true FROM every_hour
  )
),
joined AS (
  SELECT origin, hour, departures, delay_minutes, late, last_departure_at, last_destination, p90_delay_24h
  FROM every_hour
  LEFT JOIN per_hour USING (origin, hour)
  LEFT JOIN (SELECT origin, hour, p90_delay_24h FROM percentiles WHERE is_hour) USING (origin, hour)
)
SELECT
  origin AS airport,
  hour + INTERVAL 1 HOUR AS event_timestamp,
  -- Flights that left in the last hour; 0 in a quiet one.
  coalesce(departures, 0) AS departures_1h,
  -- Flights that left in the last 24 hours.
  coalesce(sum(departures) OVER hours_24, 0) AS departures_24h,
  -- Mean delay in minutes of the flights of the last 3 hours; null when none left.
  sum(delay_minutes) OVER hours_3 / sum(departures) OVER hours_3 AS mean_delay_3h,
  -- 90th percentile (linear interpolation) of the delays of the last 24 hours; null when none left.
  p90_delay_24h,
  -- Share of the flights of the last 24 hours that were late, 0 to 1; null when none left.
  sum(late) OVER hours_24 / sum(departures) OVER hours_24 AS late_share_24h,
  -- Mean delay of each of the last 6 hours in which a flight left, the oldest first: 0 to 6 elements.
  coalesce(list(delay_minutes / departures) FILTER (WHERE departures > 0) OVER hours_6, []) AS delay_trend_6h,
  -- Where the latest flight went; at the same minute the last by name.
  last_value(last_destination IGNORE NULLS) OVER up_to_now AS last_destination,
  -- When the latest flight left.
  max(last_departure_at) OVER up_to_now AS last_departure_at,
  -- 200 or more flights in the last 24 hours.
  coalesce(sum(departures) OVER hours_24, 0) >= 200 AS is_hub
FROM joined
WINDOW
  hours_3 AS (PARTITION BY origin ORDER BY hour ROWS BETWEEN 2 PRECEDING AND CURRENT ROW),
  hours_6 AS (PARTITION BY origin ORDER BY hour ROWS BETWEEN 5 PRECEDING AND CURRENT ROW),
  hours_24 AS (PARTITION BY origin ORDER BY hour ROWS BETWEEN 23 PRECEDING AND CURRENT ROW),
  up_to_now AS (PARTITION BY origin ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
