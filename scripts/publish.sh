#!/usr/bin/env bash
# Pushes annotated-policy.wasm: scripts/publish.sh REGISTRY/REPOSITORY VERSION
#
# The tag is `vVERSION`, and `latest` besides unless it is a pre-release. Prints the reference by digest, which is what gets
# signed: tags can be moved. With SOURCES in the environment, that file says how the registry is reached (`sources.yml`
# of Kubewarden).
set -euo pipefail

target=$1 version=$2
sources=()
[ -z "${SOURCES:-}" ] || sources=(--sources-path "$SOURCES")

# push TAG
push() {
    kwctl push "${sources[@]}" --output json annotated-policy.wasm "registry://$target:$1" |
        jq --exit-status --raw-output .immutable_ref
}

reference=$(push "v$version")
case $version in
    *-*) ;;
    *)
        latest=$(push latest)
        [ "$latest" = "$reference" ] || {
            echo "latest is $latest, and v$version is $reference" >&2
            exit 1
        }
        ;;
esac
echo "$reference"
