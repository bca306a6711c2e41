#!/usr/bin/env bash
# Does with kubectl what people do, in a cluster with the policies of deploy/, and compares all that it prints with what is
# written down. run.bash runs it (`make cluster-tests`). Each page in cluster-tests/ is a session: its commands, after a
# prompt, are run by one bash, and what follows them is what they must print. UPDATE_EXPECT=1 writes the pages again, and
# their diff is what gets reviewed. PAGES="reject mutate" runs these alone.
set -euo pipefail
. "$API_SERVER/lib.bash"

# Below are the commands of the pages, besides kubectl and Debian's.

# deploy FILE [SED COMMAND] applies policies, changed by sed where a page says so, and lets nobody else's stand.
deploy() {
	kubectl delete "$KINDS_OF_POLICIES" --all --all-namespaces >/dev/null
	sed "${2:-}" "$REPOSITORY/deploy/$1" | kubectl apply --filename -
	reconcile_policies
}

# shop NAMESPACE copies the sample manifests into a folder, as one team would have them.
shop() {
	mkdir -p "$1"
	local file
	for file in "$REPOSITORY"/e2e-tests/samples/shop/*.yaml; do
		sed -E "s/^(  name(space)?): shop$/\1: $1/" "$file" >"$1/${file##*/}"
	done
}

# stored RESOURCE NAME prints an object, without what differs from run to run.
stored() {
	kubectl get "$@" --output json --show-managed-fields | jq --sort-keys '
		del(.metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .metadata.managedFields[]?.time)'
}

# audited prints what the webhooks have noted about the last request in the audit log.
audited() {
	tail -n 1 "$CLUSTER/audit.log" | jq --sort-keys '.annotations | with_entries(select(.key | contains("kubewarden") or contains("webhook")))'
}

# without_policy COMMAND... runs it as if it had been done before the policy was there.
without_policy() {
	local webhooks status=0
	webhooks=$(kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations --output json \
		--selector app.kubernetes.io/part-of=kubewarden)
	remove_webhooks
	sleep 1
	"$@" || status=$?
	jq 'del(.items[].metadata | .uid, .resourceVersion, .generation, .creationTimestamp, .managedFields)' <<<"$webhooks" |
		kubectl create --filename - >/dev/null
	sleep 1
	return $status
}

# The end of what the pages may use.

# session PAGE prints the page as it would have to be.
session() {
	local line command='' in_block=no
	run_command() {
		[ -n "$command" ] || return 0
		local status=0
		eval "$command" >"$CLUSTER/output" 2>&1 </dev/null 3>&- 4<&- || status=$?
		cat "$CLUSTER/output" >&3
		[ $status -eq 0 ] || echo "[exit code $status]" >&3
		command=''
	}
	# A command goes on in lines with the second prompt. Everything else in a block is what was printed once.
	local continues=no
	while IFS= read -r line <&4; do
		case $in_block,$continues,$line in
		no,*,'```console') in_block=yes ;;
		no,*) ;;
		yes,*,'```')
			run_command
			in_block=no continues=no
			;;
		yes,*,'$ '*)
			run_command
			command=${line#'$ '} continues=yes
			;;
		yes,yes,'> '*) command+=$'\n'${line#'> '} ;;
		*)
			continues=no
			continue
			;;
		esac
		printf '%s\n' "$line" >&3
	done 3>&1 4<"$1"
}

REPOSITORY=$(cd "$API_SERVER/.." && pwd)
need policy-server load
install
kubectl apply --filename "$API_SERVER/cluster-tests/cluster.yaml" >/dev/null

passed=0 failed=0
for page in "$API_SERVER"/cluster-tests/*.md; do
	name=$(basename "$page" .md)
	[ -z "${PAGES:-}" ] || [[ " $PAGES " == *" $name "* ]] || continue
	SECONDS=0
	folder=$CLUSTER/sessions/$name
	mkdir -p "$folder"
	# A session that a command of its own ends has an incomplete page, which is a failure like another.
	(cd "$folder" && set +e && session "$page") >"$CLUSTER/$name.md" || true
	if [ -n "${UPDATE_EXPECT:-}" ]; then cp "$CLUSTER/$name.md" "$page"; fi
	if diff --unified --label "$name.md as written down" --label "$name.md as it is" "$page" "$CLUSTER/$name.md"; then
		passed=$((passed + 1))
		echo "ok $name ($SECONDS s)"
	else
		failed=$((failed + 1))
		echo "not ok $name ($SECONDS s)"
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
