#!/usr/bin/env bash
# Prints what CHANGELOG.md says about a version, and fails when that is nothing: scripts/changes.sh 0.1.0
set -euo pipefail
cd "$(dirname "$0")/.."

awk -v heading="## [$1]" '/^## \[/ { found = index($0, heading) == 1; next } found' CHANGELOG.md | sed '/./,$!d' | grep ''
