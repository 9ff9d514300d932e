#!/usr/bin/env bash
# Builds the Bigtable emulator from Debian's packages (no network but Debian's) and prints where it is. Does nothing when
# it is there already. The packages are installed when run as root; otherwise they must be there.
set -euo pipefail
folder="$(cd "$(dirname "$0")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/featuregraph"
binary="$cache/cbtemulator"

if [[ ! -x $binary ]]; then
  packages=(golang-go golang-google-cloud-dev golang-google-grpc-dev golang-github-google-btree-dev golang-google-genproto-dev)
  if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >&2
  fi
  mkdir -p "$cache"
  # Debian's own Go: its libraries are older than those that modules of a newer Go need.
  GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= CGO_ENABLED=0 /usr/bin/go build -o "$binary.$$" "$folder/main.go"
  # Moved when whole, so that two builds at once do not meet.
  mv "$binary.$$" "$binary"
fi
echo "$binary"
