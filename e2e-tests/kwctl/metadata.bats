# What kwctl makes of policy-metadata.yml.

setup() {
  repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  cd "$BATS_TEST_TMPDIR"
  cp "$repository/policy-metadata.yml" metadata.yml
  # Nothing is verified here. Without this, kwctl fetches Sigstore's certificates.
  echo '{"trustedRoot": {}}' >sigstore.json
}

# annotate [OUT] prints what kwctl says about the module and the metadata.
annotate() {
  env -u RUST_LOG kwctl --no-color annotate -m metadata.yml -u "$repository/README.md" -o "${1:-annotated.wasm}" \
    "$repository/policy.wasm" 2>&1
}

# Runs an annotated module on a Service that is none of the policy's business.
evaluate() {
  echo '{"uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE", "userInfo": {}, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}}' >request.json
  echo '[]' >session.yaml
  env -u RUST_LOG XDG_CONFIG_HOME="$PWD" kwctl --no-color run "$1" --sigstore-trust-config sigstore.json \
    --request-path request.json --settings-json '{}' --replay-host-capabilities-interactions session.yaml
}

@test "the declared host capabilities are those of the module" {
  run annotate
  [[ $status -eq 0 && $output != *"host capabilities"* && $output != *WARN* ]] || { echo "$output" && false; }
}

@test "a host capability that is not declared is seen" {
  sed -i '/kubernetes\/list_resources_all/d' metadata.yml
  run annotate
  [[ $status -eq 0 && $output == *"host capabilities used by the policy but not declared in metadata"* ]] || { echo "$output" && false; }
}

@test "a host capability that is declared and not used is seen" {
  sed -i 's,- kubernetes/list_resources_all,&\n  - oci/v1/verify,' metadata.yml
  run annotate
  [[ $status -eq 0 && $output == *"host capabilities declared in metadata but not detected in the policy"* ]] || { echo "$output" && false; }
}

@test "this host is new enough for the policy" {
  annotate
  run evaluate annotated.wasm
  [[ $status -eq 0 && $output == *'"allowed":true'* ]] || { echo "$output" && false; }
}

@test "an older host refuses to run the policy" {
  sed -i 's/^minimumKubewardenVersion: .*/minimumKubewardenVersion: 1.999.0/' metadata.yml
  annotate
  run evaluate annotated.wasm
  [[ $status -ne 0 && $output == *"Policy required Kubewarden version 1.999.0 or greater"* ]] || { echo "$output" && false; }
}
