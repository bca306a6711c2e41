# That the check sees what it has to see.

load check.bash

setup() {
  one_lookup=headless-instance-mode/target-group-binding/instance--rejected
  mkdir -p "$BATS_TEST_TMPDIR/cases/${one_lookup%/*}"
  cp -R "$RENDERED/cases/$one_lookup" "$BATS_TEST_TMPDIR/cases/$one_lookup"
  RENDERED=$BATS_TEST_TMPDIR
  case=$RENDERED/cases/$one_lookup
}

@test "a case as it was rendered passes" {
  check "$one_lookup"
}

@test "another answer is seen" {
  jq '.response.status.code = 500' "$case/expect.json" >other.json && mv other.json "$case/expect.json"
  run check "$one_lookup"
  [[ $status -ne 0 && $output == *'-      "code": 500,'* ]]
}

@test "another object is seen" {
  jq '.object = {}' "$case/expect.json" >other.json && mv other.json "$case/expect.json"
  run check "$one_lookup"
  [[ $status -ne 0 && $output == *'-  "object": {},'* ]]
}

@test "a lookup that was not recorded is seen" {
  echo '[]' >"$case/session.yaml"
  run check "$one_lookup"
  [[ $status -ne 0 && $output == *'the list of recorded responses is empty'* ]]
}

@test "another lookup is seen" {
  sed -i 's/name: cart/name: other/' "$case/session.yaml"
  run check "$one_lookup"
  [[ $status -ne 0 && $output == *'Replay error: unexpected request'* ]]
}

@test "a lookup that is not made is seen" {
  cat "$case/session.yaml" "$case/session.yaml" >twice.yaml && mv twice.yaml "$case/session.yaml"
  run check "$one_lookup"
  [[ $status -ne 0 && $output == *'have not been replayed'* ]]
}
