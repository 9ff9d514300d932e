#!/usr/bin/env bash
# Builds the Pub/Sub fake of Google's Go client and prints where it is. Does nothing when it is there already. It needs
# Debian's Go and the Go module proxy: Debian's own package of the client is older than message ordering. go.sum pins
# every module. Go is installed when run as root; otherwise it must be there.
set -euo pipefail
folder="$(cd "$(dirname "$0")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/featuregraph"
binary="$cache/pubsubemulator"

if [[ ! -x $binary ]]; then
  packages=(golang-go ca-certificates)
  if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >&2
  fi
  mkdir -p "$cache"
  (cd "$folder" && GO111MODULE=on GOFLAGS=-mod=readonly CGO_ENABLED=0 /usr/bin/go build -o "$binary.$$" .)
  # Moved when whole, so that two builds at once do not meet.
  mv "$binary.$$" "$binary"
fi
echo "$binary"
