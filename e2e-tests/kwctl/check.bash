# Runs one rendered case with kwctl, and compares all that comes of it with what must come.
#
# RENDERED is the folder that `render-cases` wrote.

repository=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)

# Everything that can be seen of a run. Whatever a JSON patch may hold but what the policy's fixes are made of, which is
# members of maps set and removed, also of maps in lists, is an error.
observed='
  def keys_of_pointer: split("/")[1:] | map(gsub("~1"; "/") | gsub("~0"; "~"));
  def path_of($pointer): . as $object
    | reduce ($pointer | keys_of_pointer)[] as $key ([]; . as $path
        | . + [if $object | getpath($path) | type == "array" then $key | tonumber else $key end]);
  def patched($step): path_of($step.path) as $path
    | if getpath($path[:-1]) | type != "object" then error("\($step.path): no such map")
      elif $step.op == "add" or $step.op == "replace" then setpath($path; $step.value)
      elif $step.op == "remove" then delpaths([$path])
      else error("\($step.op): not known here") end;
  .patch as $patch
  | {response: del(.patch),
     object: (if $patch then reduce ($patch | @base64d | fromjson)[] as $step ($request[0].object; patched($step)) else null end),
     errors: ($errors | tonumber)}'

# check CASE [FLAG OF KWCTL RUN]...
check() {
  local case=$RENDERED/cases/$1 errors
  local -a policy=("$repository/annotated-policy.wasm" --settings-path "$case/settings.json" --allow-context-aware)
  # Where not all that the metadata asks for is granted.
  [[ ! -f $case/policy.yaml ]] || policy=("$case/policy.yaml")
  cd "$BATS_TEST_TMPDIR" || return 1
  # Nothing is verified here. Without this, kwctl fetches Sigstore's certificates each time.
  echo '{"trustedRoot": {}}' >sigstore.json

  env -u RUST_LOG XDG_CONFIG_HOME="$PWD" kwctl --no-color run "${policy[@]}" --sigstore-trust-config sigstore.json \
    --request-path "$case/request.json" --replay-host-capabilities-interactions "$case/session.yaml" \
    "${@:2}" >response.json 2>log || { cat log && return 1; }
  # Too many recorded lookups, too few, and another one. check.bats sees to it that kwctl still says so in these words.
  if grep -F -e 'Some of the recorded exchanges have not been replayed' -e 'the list of recorded responses is empty' \
    -e 'Replay error: unexpected request' log; then return 1; fi
  # A lookup that fails is an error, and nothing else may be one.
  errors=$(grep -cE '^[^ ]+ +ERROR ' log) || true
  jq --sort-keys --slurpfile request "$case/request.json" --arg errors "$errors" "$observed" response.json >observed.json
  jq --sort-keys . "$case/expect.json" >expected.json
  diff --unified expected.json observed.json || { cat log && return 1; }
}
