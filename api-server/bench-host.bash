#!/usr/bin/env bash
# Prints what this policy costs in a real policy-server behind a real API server, beside an empty policy in the same one.
# run.bash runs it (`make bench-host`). MODULE and EMPTY_MODULE are the annotated modules; SIZES says which clusters to
# measure in, each at least as large as the one before, and LOAD what `load measure` takes (`load measure -h`).
set -euo pipefail
. "$API_SERVER/lib.bash"
SIZES=${SIZES:-100/50 1000/400 14000/400 14000/4000}

need policy-server load
for file in "$MODULE" "$EMPTY_MODULE"; do [ -f "$file" ] || fail "no such file: $file"; done
install

# A mutating webhook, as each has to wait for the one before, and without matchConditions, which would keep what is
# ordinary away from either policy. `load` labels each request with the policy that it is for.
policy_to_measure() {
	kubectl create --dry-run=client --output json --filename "$API_SERVER/../deploy/gateway/reject.yaml" | jq --arg name "$1" '
		.metadata.name = $name | .spec.mutating = true | del(.spec.matchConditions)
		| .spec.objectSelector = {matchLabels: {"measured-with": $name}}'
}
{
	policy_to_measure policy
	policy_to_measure empty | jq --arg file "file://$EMPTY_MODULE" '.spec.module = $file | del(.spec.contextAwareResources)'
} | kubectl apply --filename - >/dev/null

cat <<MARKDOWN
$(policy-server --version | head -n 1), kube-apiserver $(kube-apiserver --version | cut -d' ' -f2), $(nproc) cores of $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1) for everything together. Times in milliseconds; the ratio is that of the two p50s.

| Services | Ingresses | request to create | no policy, p50 | empty policy, p50 | p99 | this policy, p50 | p99 | × empty | the first | a second, one client: no policy | empty | this | eight clients: no policy | empty | this |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
MARKDOWN
footer="| Services | Ingresses | policy-server, MiB at the end | at its peak |
| --- | --- | --- | --- |
"
for size in $SIZES; do
	services=${size%/*} ingresses=${size#*/}
	SECONDS=0
	load fill -services "$services" -ingresses "$ingresses"
	echo "filled to $services Services and $ingresses Ingresses in $SECONDS s" >&2
	reconcile_policies
	# shellcheck disable=SC2086
	load measure -services "$services" -ingresses "$ingresses" ${LOAD:-}
	read -r now peak < <(memory policy-server)
	footer+="| $services | $ingresses | $now | $peak |
"
	remove_webhooks
	stop policy-server
done
printf '\n%s' "$footer"
