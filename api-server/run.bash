#!/usr/bin/env bash
# run.bash COMMAND... runs a command beside a Kubernetes API server of its own, with KUBECONFIG set, and takes everything
# down afterwards: `api-server/run.bash bash` for an hour with kubectl. KEEP=yes keeps the folder with the logs.
set -euo pipefail
API_SERVER=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$API_SERVER/lib.bash"

[ $# -gt 0 ] || fail "usage: $0 COMMAND..."
need etcd openssl curl jq kube-apiserver kubectl

# In memory where there is enough: etcd waits for the disk at each write.
folder=${TMPDIR:-/tmp}
if free=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1) && [ "${free:-0}" -gt 4000000 ]; then folder=/dev/shm; fi
CLUSTER=$(mktemp --directory "$folder/api-server.XXXXXXXX")
KUBECONFIG=$CLUSTER/admin.kubeconfig
STORE_PORT=$(free_port) STORE_PEER_PORT=$(free_port) API_SERVER_PORT=$(free_port)
POLICY_SERVER_PORT=$(free_port) READINESS_PORT=$(free_port)
export API_SERVER CLUSTER KUBECONFIG STORE_PORT STORE_PEER_PORT API_SERVER_PORT POLICY_SERVER_PORT READINESS_PORT

command=
clean_up() {
	trap - EXIT
	[ -z "$command" ] || kill "$command" 2>/dev/null || true
	stop_cluster
	if [ -n "${KEEP:-}" ]; then echo "logs are in $CLUSTER" >&2; else rm -rf "$CLUSTER"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start_cluster
if [ -t 0 ]; then
	"$@"
else
	# In the background, since a signal waits for the end of what runs in the foreground.
	"$@" <&0 &
	command=$!
	wait "$command"
	command=
fi
