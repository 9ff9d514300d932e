#!/usr/bin/env bash
# Fetches Apache Kafka from Maven Central for the tests: 56 jars, 46 MB. It needs Maven; the broker needs Java 17. Both are
# installed when run as root; otherwise they must be there.
set -euo pipefail
target="${XDG_CACHE_HOME:-$HOME/.cache}/featuregraph/kafka/lib"
if ! command -v mvn >/dev/null || ! command -v java >/dev/null; then
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends maven openjdk-17-jre-headless >&2
fi
mkdir -p "$target"
cd "$(dirname "$0")"
mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory="$target"
