//! What the API server's discovery says about a kind: its resource name and its scope.
//!
//! Invariant: a table of facts about Kubernetes; nothing here knows the policy.

/// The cluster-scoped kinds that manifests of applications and platforms bring along, as (group, kind).
///
/// `IngressClassParams`: `config/crd/bases/elbv2.k8s.aws_ingressclassparams.yaml` of the AWS Load Balancer Controller says
/// `scope: Cluster`, and EKS Auto Mode's documentation creates its own without a namespace too.
const CLUSTER_SCOPED: [(&str, &str); 26] = [
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("eks.amazonaws.com", "IngressClassParams"),
    ("eks.amazonaws.com", "NodeClass"),
    ("elbv2.k8s.aws", "IngressClassParams"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("karpenter.k8s.aws", "EC2NodeClass"),
    ("karpenter.sh", "NodePool"),
    ("networking.k8s.io", "IngressClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("policies.kubewarden.io", "ClusterAdmissionPolicy"),
    ("policies.kubewarden.io", "ClusterAdmissionPolicyGroup"),
    ("policies.kubewarden.io", "PolicyServer"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
];

/// The groups that the API server itself serves, among those of the kinds that a policy of this project asks for.
const BUILT_IN_GROUPS: [&str; 3] = ["", "apps", "networking.k8s.io"];

/// The kinds whose resource name is not what the rules of English make of the kind.
const IRREGULAR_PLURALS: [(&str, &str); 2] = [("Endpoints", "endpoints"), ("IngressClassParams", "ingressclassparams")];

/// Splits an `apiVersion` into its group and version; the core group is the empty string.
#[must_use]
pub fn group_and_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Whether objects of this kind live in a namespace. A kind that is not in the table does.
#[must_use]
pub fn is_namespaced(api_version: &str, kind: &str) -> bool {
    let (group, _) = group_and_version(api_version);
    !CLUSTER_SCOPED.contains(&(group, kind))
}

/// Whether the API server itself serves this `apiVersion`, and no CustomResourceDefinition.
#[must_use]
pub fn is_built_in(api_version: &str) -> bool {
    let (group, _) = group_and_version(api_version);
    BUILT_IN_GROUPS.contains(&group)
}

/// The resource name of a kind, as it stands in URLs and webhook rules: `Ingress` gives `ingresses`.
///
/// The rules are those of apimachinery's `UnsafeGuessKindToResource` (`pkg/api/meta/restmapper.go`), and a `y` after a
/// vowel stays, as the resource names of real kinds have it (`gateways`).
#[must_use]
pub fn plural(kind: &str) -> String {
    if let Some((_, plural)) = IRREGULAR_PLURALS.iter().find(|(irregular, _)| *irregular == kind) {
        return (*plural).to_owned();
    }
    let singular = kind.to_lowercase();
    if singular.ends_with('s') {
        return format!("{singular}es");
    }
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_the_resource_names_of_the_api_server() {
        let kinds = [
            "Service",
            "Ingress",
            "IngressClass",
            "IngressClassParams",
            "TargetGroupBinding",
            "NetworkPolicy",
            "Gateway",
            "Endpoints",
        ];
        let plurals: Vec<String> = kinds.iter().map(|kind| plural(kind)).collect();
        assert_eq!(
            plurals,
            [
                "services",
                "ingresses",
                "ingressclasses",
                "ingressclassparams",
                "targetgroupbindings",
                "networkpolicies",
                "gateways",
                "endpoints",
            ]
        );
    }

    #[test]
    fn scope_depends_on_group_and_kind() {
        assert!(!is_namespaced("v1", "Namespace"));
        assert!(!is_namespaced("elbv2.k8s.aws/v1beta1", "IngressClassParams"));
        assert!(!is_namespaced("eks.amazonaws.com/v1", "IngressClassParams"));
        assert!(!is_namespaced("networking.k8s.io/v1", "IngressClass"));
        assert!(is_namespaced("networking.k8s.io/v1", "Ingress"));
        assert!(is_namespaced("example.com/v1", "IngressClass"));
    }

    #[test]
    fn the_core_group_is_empty() {
        assert_eq!(group_and_version("v1"), ("", "v1"));
        assert_eq!(group_and_version("apps/v1"), ("apps", "v1"));
    }
}
