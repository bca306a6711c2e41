# What Kubewarden's controller makes of a list of policies and policy groups (Kubewarden 1.36): with $output `policies` the
# policy server's policies.yml, with `webhooks` the webhook configurations, by URL instead of by Service. Since 1.37.2 the
# unique names are `kw.cap.NAME`, `kw.capg.NAME` and `kw.ap.NAMESPACE.NAME`; nothing here depends on it.

def unique_name:
	if .kind == "ClusterAdmissionPolicy" then "clusterwide-" + .metadata.name
	elif .kind == "ClusterAdmissionPolicyGroup" then "clusterwide-group-" + .metadata.name
	elif .kind == "AdmissionPolicy" then "namespaced-" + .metadata.namespace + "-" + .metadata.name
	else error("unknown kind: " + .kind) end;

# What a policy and a member of a group have in common. A namespaced policy has no contextAwareResources.
def member: {
	module: (if .module | startswith("registry://") then $file else .module end),
	settings: (.settings // {}),
	contextAwareResources: (.contextAwareResources // []),
	timeoutEvalSeconds,
	hostCapabilities: ["*"],
};

def policy: {
	namespacedName: {namespace: (.metadata.namespace // ""), name: .metadata.name},
	policyMode: (.spec.mode // "protect"),
	message: .spec.message,
} + if .spec.policies then
	{policies: (.spec.policies | map_values(member)), expression: .spec.expression}
else
	{allowedToMutate: (.spec.mutating // false)} + (.spec | member)
end;

# Only matchExpressions of a namespaceSelector: the controller drops matchLabels when it adds its own namespace. That of a
# namespaced policy is its own namespace.
def webhook: {
	name: (unique_name + ".kubewarden.admission"),
	clientConfig: {url: "\($url)/validate/\(unique_name)", caBundle: $authority},
	rules: .spec.rules,
	failurePolicy: .spec.failurePolicy,
	matchPolicy: .spec.matchPolicy,
	namespaceSelector: {matchExpressions: (
		[{key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kubewarden"]}]
		+ if .metadata.namespace then
			[{key: "kubernetes.io/metadata.name", operator: "In", values: [.metadata.namespace]}]
		else
			(.spec.namespaceSelector.matchExpressions // [])
		end
	)},
	objectSelector: .spec.objectSelector,
	sideEffects: (.spec.sideEffects // "None"),
	timeoutSeconds: .spec.timeoutSeconds,
	matchConditions: .spec.matchConditions,
	admissionReviewVersions: ["v1"],
};

def webhook_configuration: {
	apiVersion: "admissionregistration.k8s.io/v1",
	kind: (if .spec.mutating then "MutatingWebhookConfiguration" else "ValidatingWebhookConfiguration" end),
	metadata: {name: unique_name, labels: {"app.kubernetes.io/part-of": "kubewarden"}},
	webhooks: [webhook],
};

if $output == "policies" then
	.items | map({key: unique_name, value: policy}) | from_entries
elif $output == "webhooks" then
	{apiVersion: "v1", kind: "List", items: (.items | map(webhook_configuration))}
else
	error("unknown output: " + $output)
end
