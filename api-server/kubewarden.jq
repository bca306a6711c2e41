# What Kubewarden's controller makes of a list of ClusterAdmissionPolicies (Kubewarden 1.36): with $output `policies` the
# policy server's policies.yml, with `webhooks` the webhook configurations, by URL instead of by Service.

def unique_name: "clusterwide-" + .metadata.name;

def policy: {
	namespacedName: {namespace: "", name: .metadata.name},
	module: (if .spec.module | startswith("registry://") then $file else .spec.module end),
	policyMode: (.spec.mode // "protect"),
	allowedToMutate: (.spec.mutating // false),
	contextAwareResources: (.spec.contextAwareResources // []),
	settings: (.spec.settings // {}),
	message: .spec.message,
	timeoutEvalSeconds: .spec.timeoutEvalSeconds,
	hostCapabilities: ["*"],
};

# Only matchExpressions of a namespaceSelector: the controller drops matchLabels when it adds its own namespace.
def webhook: {
	name: (unique_name + ".kubewarden.admission"),
	clientConfig: {url: "\($url)/validate/\(unique_name)", caBundle: $authority},
	rules: .spec.rules,
	failurePolicy: .spec.failurePolicy,
	matchPolicy: .spec.matchPolicy,
	namespaceSelector: {matchExpressions: (
		[{key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kubewarden"]}]
		+ (.spec.namespaceSelector.matchExpressions // [])
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
