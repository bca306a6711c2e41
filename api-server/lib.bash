# Functions around a Kubernetes API server of one's own: run.bash starts and stops it, the scripts that it runs use the
# rest. Everything listens on loopback and lives in the folder CLUSTER: keys, kubeconfigs, etcd's data, logs, process ids.

fail() {
	echo "$*" >&2
	exit 1
}

# need PROGRAM... says at once what is missing.
need() {
	local program missing=()
	for program in "$@"; do
		command -v "$program" >/dev/null || missing+=("$program")
	done
	[ ${#missing[@]} -eq 0 ] || fail "not on the PATH, and needed (see api-server/README.md): ${missing[*]}"
}

# wait_for SECONDS WHAT COMMAND... until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || {
			echo "waited in vain for $what" >&2
			return 1
		}
		sleep 0.2
	done
}

# Below the range that the kernel gives to outgoing connections.
free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
	echo "$port"
}

# start NAME COMMAND... in the background. File descriptors 3 and 4 are those of a session in cluster-tests.bash.
start() {
	local name=$1
	shift
	"$@" >>"$CLUSTER/$name.log" 2>&1 </dev/null 3>&- 4<&- &
	echo $! >"$CLUSTER/$name.pid"
	# Nobody waits for it, and bash is not to tell how it ended.
	disown
	# Until it is the program: on a busy machine it is a copy of bash for a while, and would count as ended.
	for _ in {1..100}; do
		if is_running "$name" || ! kill -0 $! 2>/dev/null; then break; fi
		sleep 0.05
	done
}

# Whether NAME runs; a process that merely has the same id has not this folder on its command line.
is_running() {
	local pid
	pid=$(cat "$CLUSTER/$1.pid" 2>/dev/null) && grep -qaF "$CLUSTER" "/proc/$pid/cmdline" 2>/dev/null
}

# stop NAME, by force if it takes more than five seconds: an API server with watches open takes much longer. Says so if it
# had ended by itself.
stop() {
	[ -e "$CLUSTER/$1.pid" ] || return 0
	is_running "$1" || {
		echo "$1 has ended:" >&2
		tail -n 20 "$CLUSTER/$1.log" >&2
	}
	local pid
	pid=$(cat "$CLUSTER/$1.pid")
	for try in {1..50}; do
		is_running "$1" || break
		[ "$try" -gt 1 ] || kill "$pid" 2>/dev/null || true
		sleep 0.1
	done
	! is_running "$1" || kill -KILL "$pid" 2>/dev/null || true
	rm -f "$CLUSTER/$1.pid"
}

# await SECONDS NAME COMMAND... until the command succeeds, and not after NAME has ended. A failure shows the log's end.
await() {
	local seconds=$1 name=$2
	shift 2
	# shellcheck disable=SC2317
	answers_or_ended() { ! is_running "$name" || "$@"; }
	if wait_for "$seconds" "$name" answers_or_ended "$@" && is_running "$name"; then return 0; fi
	tail -n 20 "$CLUSTER/$name.log" >&2
	return 1
}

# One certificate, for the API server and for the policy server; the authority lasts as long as the folder.
make_keys() {
	(
		cd "$CLUSTER"
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
			-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.crt
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout serving.key -out serving.csr
		openssl x509 -req -in serving.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out serving.crt \
			-extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost")
		openssl ecparam -name prime256v1 -genkey -noout -out service-account.key
		openssl ec -in service-account.key -pubout -out service-account.pub
	) >"$CLUSTER/openssl.log" 2>&1 || {
		cat "$CLUSTER/openssl.log" >&2
		return 1
	}
}

# kubeconfig NAME USER GROUPS writes NAME.kubeconfig, and lets the API server know its token.
kubeconfig() {
	local token
	token=$(openssl rand -hex 16)
	echo "$token,$2,$2,\"$3\"" >>"$CLUSTER/tokens.csv"
	cat >"$CLUSTER/$1.kubeconfig" <<-YAML
		apiVersion: v1
		kind: Config
		current-context: $1
		contexts: [{name: $1, context: {cluster: loopback, user: $1}}]
		clusters: [{name: loopback, cluster: {server: "https://127.0.0.1:$API_SERVER_PORT", certificate-authority: "$CLUSTER/ca.crt"}}]
		users: [{name: $1, user: {token: $token}}]
	YAML
}

start_etcd() {
	start etcd etcd --data-dir "$CLUSTER/etcd" --quota-backend-bytes $((4 << 30)) --log-level warn --logger zap \
		--listen-client-urls "http://127.0.0.1:$STORE_PORT" --advertise-client-urls "http://127.0.0.1:$STORE_PORT" \
		--listen-peer-urls "http://127.0.0.1:$STORE_PEER_PORT" --initial-advertise-peer-urls "http://127.0.0.1:$STORE_PEER_PORT" \
		--initial-cluster "default=http://127.0.0.1:$STORE_PEER_PORT"
	await 30 etcd curl --silent --fail "http://127.0.0.1:$STORE_PORT/health"
}

# No controller runs beside it: a namespace that is deleted stays, and nobody makes service accounts. With AUDIT=yes it
# writes audit.log.
start_api_server() {
	local audit=()
	[ -z "${AUDIT:-}" ] || audit=(--audit-log-path "$CLUSTER/audit.log" --audit-policy-file "$API_SERVER/audit-policy.yaml")
	start kube-apiserver kube-apiserver --etcd-servers "http://127.0.0.1:$STORE_PORT" \
		--bind-address 127.0.0.1 --secure-port "$API_SERVER_PORT" --cert-dir "$CLUSTER" \
		--tls-cert-file "$CLUSTER/serving.crt" --tls-private-key-file "$CLUSTER/serving.key" \
		--token-auth-file "$CLUSTER/tokens.csv" --authorization-mode RBAC --disable-admission-plugins ServiceAccount \
		--service-account-issuer https://kubernetes.default.svc --service-account-key-file "$CLUSTER/service-account.pub" \
		--service-account-signing-key-file "$CLUSTER/service-account.key" \
		--service-cluster-ip-range 10.96.0.0/12 --endpoint-reconciler-type none "${audit[@]}"
	await 90 kube-apiserver kubectl get --raw /readyz
}

stop_api_server() { stop kube-apiserver; }

start_cluster() {
	make_keys
	kubeconfig admin admin system:masters
	# Who a pod of the policy server is to the API server: it may do what deploy/rbac.yaml grants.
	kubeconfig policy-server system:serviceaccount:kubewarden:policy-server \
		system:serviceaccounts,system:serviceaccounts:kubewarden
	start_etcd
	start_api_server
}

stop_cluster() {
	stop policy-server
	stop kube-apiserver
	stop etcd
}

# The stand-ins for the kinds that are not Kubernetes' own, and what deploy/rbac.yaml grants.
install() {
	kubectl apply --filename "$API_SERVER/crds" --filename "$API_SERVER/../deploy/rbac.yaml" >/dev/null
	wait_for 60 "the custom resources" are_established
}

are_established() {
	kubectl get customresourcedefinitions --output json |
		jq --exit-status 'all(.items[]; any(.status.conditions[]?; .type == "Established" and .status == "True"))'
}

# What Kubewarden's controller does: it (re)starts the policy server with the policies and policy groups that are in the
# cluster, then registers a webhook for each. MODULE is the file that serves for modules in a registry.
KINDS_OF_POLICIES=clusteradmissionpolicies,clusteradmissionpolicygroups,admissionpolicies
reconcile_policies() {
	local policies
	policies=$(kubectl get "$KINDS_OF_POLICIES" --all-namespaces --output json)
	remove_webhooks
	stop policy-server
	render policies <<<"$policies" >"$CLUSTER/policies.yml"
	start_policy_server
	[ "$(jq '.items | length' <<<"$policies")" -eq 0 ] || render webhooks <<<"$policies" | kubectl create --filename - >/dev/null
	# Until the API server has noticed.
	sleep 1
}

remove_webhooks() {
	kubectl delete mutatingwebhookconfigurations,validatingwebhookconfigurations \
		--selector app.kubernetes.io/part-of=kubewarden >/dev/null
}

render() {
	jq --from-file "$API_SERVER/kubewarden.jq" --arg output "$1" --arg file "file://$MODULE" \
		--arg url "https://127.0.0.1:$POLICY_SERVER_PORT" --arg authority "$(base64 -w 0 "$CLUSTER/ca.crt")"
}

start_policy_server() {
	# As in its image: with backtraces, the host looks for symbols whenever a lookup finds nothing.
	KUBECONFIG="$CLUSTER/policy-server.kubeconfig" NO_COLOR=true RUST_BACKTRACE=0 \
		start policy-server policy-server --addr 127.0.0.1 --port "$POLICY_SERVER_PORT" \
		--readiness-probe-port "$READINESS_PORT" --cert-file "$CLUSTER/serving.crt" --key-file "$CLUSTER/serving.key" \
		--policies "$CLUSTER/policies.yml" --policies-download-dir "$CLUSTER/modules" --sigstore-cache-dir "$CLUSTER/sigstore"
	await 60 policy-server curl --silent --fail "http://127.0.0.1:$READINESS_PORT/readiness"
}

# What a process has in memory, now and at its peak, in MiB.
memory() {
	awk '/^VmRSS/ { now = $2 } /^VmHWM/ { peak = $2 } END { printf "%d %d\n", now / 1024, peak / 1024 }' \
		"/proc/$(cat "$CLUSTER/$1.pid")/status"
}
