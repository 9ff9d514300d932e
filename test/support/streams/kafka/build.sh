#!/usr/bin/env bash
# Fetches Apache Kafka from Maven Central for the tests: 56 jars, 46 MB. It needs Maven; the broker needs Java 17.
set -euo pipefail
target="${XDG_CACHE_HOME:-$HOME/.cache}/featuregraph/kafka/lib"
mkdir -p "$target"
cd "$(dirname "$0")"
mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory="$target"
