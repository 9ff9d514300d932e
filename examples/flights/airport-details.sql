-- What does not change: names and coordinates of the airports that flights leave from.
SELECT iata AS airport, name, city, state, latitude, longitude
FROM airports
WHERE iata IN (SELECT origin FROM flights)
