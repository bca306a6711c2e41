#!/usr/bin/env bash
# Does with a registry of its own, on loopback, what .github/workflows/release.yml does with the real one, in the same order: checks
# the version, pushes what `make release` has built, pulls it again and compares it, and composes the notes. What needs GitHub's
# identity is left out: signatures, the attestation of provenance, the release and the branch of Artifact Hub.
set -euo pipefail
cd "$(dirname "$0")/.."

for program in docker-registry curl jq kwctl; do
    command -v "$program" >/dev/null || {
        echo "$program is not on the PATH (docker-registry, curl and jq are Debian's packages)" >&2
        exit 1
    }
done

folder=$(mktemp -d)
registry=
stop() {
    [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT

port=
while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
cat >"$folder/registry.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $folder/registry}}
http: {addr: "127.0.0.1:$port"}
YAML
docker-registry serve "$folder/registry.yml" >"$folder/registry.log" 2>&1 &
registry=$!
for try in {1..50}; do
    if curl --silent --fail "http://127.0.0.1:$port/v2/" >/dev/null; then break; fi
    [ "$try" -lt 50 ] || { cat "$folder/registry.log" >&2 && exit 1; }
    sleep 0.2
done

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
grep --quiet --fixed-strings --line-regexp "  io.kubewarden.policy.version: $version" policy-metadata.yml
sha256sum --check SHA256SUMS

printf 'insecure_sources: ["127.0.0.1:%s"]\n' "$port" >"$folder/sources.yml"
# Modules that kwctl pulls end up in a store of its own, and nothing is fetched to verify signatures that there are not.
export SOURCES=$folder/sources.yml XDG_CACHE_HOME=$folder XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder
target=127.0.0.1:$port/policies/aws-headless-service-policy
reference=$(scripts/publish.sh "$target" "$version")
echo "pushed $reference"

# What people get, by the version, by the digest and as `latest`.
pull() {
    kwctl pull --sources-path "$SOURCES" --output-path "$folder/pulled.wasm" "registry://$1" >/dev/null
    cmp annotated-policy.wasm "$folder/pulled.wasm"
    echo "pulled $1"
}
pull "$target:v$version"
case $version in *-*) ;; *) pull "$target:latest" ;; esac
pull "$reference"

# What a policy server gets is the module that was built, with its metadata.
manifest=$(curl --silent --fail --header "Accept: application/vnd.oci.image.manifest.v1+json" \
    "http://127.0.0.1:$port/v2/policies/aws-headless-service-policy/manifests/v$version")
layer=$(jq --exit-status --raw-output '.layers[0].digest' <<<"$manifest")
built=sha256:$(sha256sum annotated-policy.wasm | cut -d ' ' -f 1)
echo "in the registry $layer"
echo "built           $built"
[ "$layer" = "$built" ]

scripts/changes.sh "$version" >"$folder/notes.md"
echo "$(wc -l <"$folder/notes.md") lines of release notes"
