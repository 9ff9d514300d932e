-- One row a route (origin, destination) and hour, from the route's first flight to the end of the data, quiet hours
-- included. Known at the end of the hour, as in airport-hourly.sql.
WITH flight AS (
  SELECT origin, destination, delay, date AS departed_at, date_trunc('hour', date) AS hour
  FROM flights
  WHERE in_partition(origin)
),
span AS (
  SELECT origin, destination, min(hour) AS first_hour, (SELECT date_trunc('hour', max(date)) FROM flights) AS last_hour
  FROM flight
  GROUP BY origin, destination
),
every_hour AS (
  SELECT origin, destination, unnest(generate_series(first_hour, last_hour, INTERVAL 1 HOUR)) AS hour FROM span
),
per_hour AS (
  SELECT
    origin,
    destination,
    hour,
    count(*) AS departures,
    sum(delay) AS delay_minutes,
    max(delay) AS max_delay,
    count(*) FILTER (WHERE delay >= 15) AS late,
    arg_max(delay, (departed_at, delay)) AS last_delay
  FROM flight
  GROUP BY origin, destination, hour
)
SELECT
  origin,
  destination,
  hour + INTERVAL 1 HOUR AS event_timestamp,
  -- Flights that left in the last hour; 0 in a quiet one.
  coalesce(departures, 0) AS departures_1h,
  -- Flights that left in the last 24 hours.
  coalesce(sum(departures) OVER hours_24, 0) AS departures_24h,
  -- Flights that left in the last 7 days.
  coalesce(sum(departures) OVER days_7, 0) AS departures_7d,
  -- Mean delay in minutes of the flights of the last 24 hours; null when none left.
  sum(delay_minutes) OVER hours_24 / sum(departures) OVER hours_24 AS mean_delay_24h,
  -- Mean delay in minutes of the flights of the last 7 days; null when none left.
  sum(delay_minutes) OVER days_7 / sum(departures) OVER days_7 AS mean_delay_7d,
  -- Share of the flights of the last 7 days that were late, 0 to 1; null when none left.
  sum(late) OVER days_7 / sum(departures) OVER days_7 AS late_share_7d,
  -- The longest delay in minutes of the last 24 hours; null when none left.
  max(max_delay) OVER hours_24 AS max_delay_24h,
  -- The delay in minutes of the latest flight; of several at the same minute the longest.
  last_value(last_delay IGNORE NULLS) OVER up_to_now AS last_delay,
  -- Whole hours since one in which a flight left; 0 when one left in the last hour.
  date_diff('hour', max(CASE WHEN departures > 0 THEN hour END) OVER up_to_now, hour) AS quiet_hours
FROM every_hour
LEFT JOIN per_hour USING (origin, destination, hour)
WINDOW
  hours_24 AS (PARTITION BY origin, destination ORDER BY hour ROWS BETWEEN 23 PRECEDING AND CURRENT ROW),
  days_7 AS (PARTITION BY origin, destination ORDER BY hour ROWS BETWEEN 167 PRECEDING AND CURRENT ROW),
  up_to_now AS (PARTITION BY origin, destination ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
