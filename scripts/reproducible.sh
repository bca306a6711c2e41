#!/usr/bin/env bash
# Builds the module twice, in folders, target folders and cargo homes of different names, and compares the bytes.
# What is copied is what git knows of the working tree, so that nothing else can have a part in it.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
first=$folder/a
second="$folder/a second folder, with a longer name"
home=${CARGO_HOME:-$HOME/.cargo}

mkdir "$first" "$folder/home"
git ls-files -z --cached --others --exclude-standard --deduplicate | tar --null --files-from=- -cf - | tar -xf - -C "$first"
cp -R "$first" "$second"
# Another name for the same registry: the crates are not fetched again.
ln -s "$home/registry" "$folder/home/registry"

# build COPY CARGO_HOME
build() {
    CARGO_HOME=$2 CARGO_TARGET_DIR=$1/target make -C "$1" --no-print-directory policy.wasm
    for path in "$folder" "$home" "$HOME"; do
        ! LC_ALL=C grep --text --quiet --fixed-strings "$path/" "$1/policy.wasm" || {
            echo "a path of this machine is in the module: $path" >&2
            exit 1
        }
    done
    (cd "$1" && sha256sum policy.wasm)
}

build "$first" "$home"
build "$second" "$folder/home"
cmp "$first/policy.wasm" "$second/policy.wasm"
echo "the same bytes twice, by $(rustc --version)"
