//! What the API server's discovery says about a kind: its resource name, its scope and its versions.
//!
//! Invariant: a table of facts about Kubernetes; nothing here knows the policy. What k8s-openapi knows is taken from it.

use std::fmt;

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Endpoints, Namespace, Node, PersistentVolume, Pod, Service};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::{CSIDriver, StorageClass, VolumeAttachment};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, Resource};

/// The groups of the Gateway API and of the AWS Load Balancer Controller's additions to it.
const GATEWAY_API: &str = "gateway.networking.k8s.io";
const GATEWAY_AWS: &str = "gateway.k8s.aws";
const AUTO_MODE: &str = "eks.amazonaws.com";

/// What is known of one kind.
struct KnownKind {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    is_namespaced: bool,
    /// The versions that have one schema, so that an object of one is served as an object of each. The first one stands
    /// for all. None where nothing but the version itself is known.
    versions: &'static [&'static str],
}

const fn namespaced<T: Resource<Scope = NamespaceResourceScope>>() -> KnownKind {
    custom(T::GROUP, T::KIND, T::URL_PATH_SEGMENT, true, &[])
}

const fn cluster_scoped<T: Resource<Scope = ClusterResourceScope>>() -> KnownKind {
    custom(T::GROUP, T::KIND, T::URL_PATH_SEGMENT, false, &[])
}

const fn custom(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    is_namespaced: bool,
    versions: &'static [&'static str],
) -> KnownKind {
    KnownKind { group, kind, plural, is_namespaced, versions }
}

/// The kinds that a policy of this project asks for, and the cluster-scoped kinds that manifests of applications and
/// platforms bring along. Any other kind lives in a namespace.
///
/// `IngressClassParams`: `config/crd/bases/elbv2.k8s.aws_ingressclassparams.yaml` of the AWS Load Balancer Controller says
/// `scope: Cluster`, and EKS Auto Mode's documentation creates its own without a namespace too. The Gateway API's versions
/// and the controller's (`config/crd/gateway`) are served from one stored version, without conversion.
const KINDS: [KnownKind; 44] = [
    namespaced::<DaemonSet>(),
    namespaced::<Deployment>(),
    namespaced::<Endpoints>(),
    namespaced::<Ingress>(),
    namespaced::<Pod>(),
    namespaced::<Service>(),
    namespaced::<StatefulSet>(),
    cluster_scoped::<APIService>(),
    cluster_scoped::<CSIDriver>(),
    cluster_scoped::<ClusterRole>(),
    cluster_scoped::<ClusterRoleBinding>(),
    cluster_scoped::<CustomResourceDefinition>(),
    cluster_scoped::<IngressClass>(),
    cluster_scoped::<MutatingWebhookConfiguration>(),
    cluster_scoped::<Namespace>(),
    cluster_scoped::<Node>(),
    cluster_scoped::<PersistentVolume>(),
    cluster_scoped::<PriorityClass>(),
    cluster_scoped::<RuntimeClass>(),
    cluster_scoped::<StorageClass>(),
    cluster_scoped::<ValidatingAdmissionPolicy>(),
    cluster_scoped::<ValidatingAdmissionPolicyBinding>(),
    cluster_scoped::<ValidatingWebhookConfiguration>(),
    cluster_scoped::<VolumeAttachment>(),
    custom("elbv2.k8s.aws", "IngressClassParams", "ingressclassparams", false, &[]),
    custom(AUTO_MODE, "IngressClassParams", "ingressclassparams", false, &[]),
    custom(AUTO_MODE, "NodeClass", "nodeclasses", false, &[]),
    custom("karpenter.k8s.aws", "EC2NodeClass", "ec2nodeclasses", false, &[]),
    custom("karpenter.sh", "NodePool", "nodepools", false, &[]),
    custom("policies.kubewarden.io", "ClusterAdmissionPolicy", "clusteradmissionpolicies", false, &[]),
    custom("policies.kubewarden.io", "ClusterAdmissionPolicyGroup", "clusteradmissionpolicygroups", false, &[]),
    custom("policies.kubewarden.io", "PolicyServer", "policyservers", false, &[]),
    custom(GATEWAY_API, "GatewayClass", "gatewayclasses", false, &["v1", "v1beta1"]),
    custom(GATEWAY_API, "Gateway", "gateways", true, &["v1", "v1beta1"]),
    custom(GATEWAY_API, "HTTPRoute", "httproutes", true, &["v1", "v1beta1"]),
    custom(GATEWAY_API, "GRPCRoute", "grpcroutes", true, &["v1", "v1alpha2"]),
    custom(GATEWAY_API, "TCPRoute", "tcproutes", true, &["v1", "v1alpha2"]),
    custom(GATEWAY_API, "UDPRoute", "udproutes", true, &["v1", "v1alpha2"]),
    custom(GATEWAY_API, "TLSRoute", "tlsroutes", true, &["v1", "v1alpha3", "v1alpha2"]),
    custom(GATEWAY_API, "ListenerSet", "listenersets", true, &["v1"]),
    custom(GATEWAY_API, "ReferenceGrant", "referencegrants", true, &["v1beta1", "v1"]),
    custom(GATEWAY_AWS, "TargetGroupConfiguration", "targetgroupconfigurations", true, &["v1", "v1beta1"]),
    custom(GATEWAY_AWS, "LoadBalancerConfiguration", "loadbalancerconfigurations", true, &["v1", "v1beta1"]),
    custom(GATEWAY_AWS, "ListenerRuleConfiguration", "listenerruleconfigurations", true, &["v1", "v1beta1"]),
];

/// The groups that the API server itself serves, among those of the kinds that a policy of this project asks for.
const BUILT_IN_GROUPS: [&str; 3] = ["", "apps", "networking.k8s.io"];

fn known(api_version: &str, kind: &str) -> Option<&'static KnownKind> {
    let (group, _) = group_and_version(api_version);
    KINDS.iter().find(|known| known.group == group && known.kind == kind)
}

/// Splits an `apiVersion` into its group and version; the core group is the empty string.
#[must_use]
pub fn group_and_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Whether objects of this kind live in a namespace. A kind that is not in the table does.
#[must_use]
pub fn is_namespaced(api_version: &str, kind: &str) -> bool {
    known(api_version, kind).is_none_or(|known| known.is_namespaced)
}

/// Whether the API server itself serves this `apiVersion`, and no CustomResourceDefinition.
#[must_use]
pub fn is_built_in(api_version: &str) -> bool {
    let (group, _) = group_and_version(api_version);
    BUILT_IN_GROUPS.contains(&group)
}

/// Whether a kind comes with the Gateway API, which a cluster has only where somebody installed it.
#[must_use]
pub fn is_of_gateway_api(api_version: &str, kind: &str) -> bool {
    match group_and_version(api_version).0 {
        GATEWAY_API | GATEWAY_AWS => true,
        AUTO_MODE => matches!(kind, "TargetGroupConfiguration" | "LoadBalancerConfiguration"),
        _ => false,
    }
}

/// The `apiVersion` that stands for all versions in which the API server has the same object.
#[must_use]
pub fn stored_version(api_version: &str, kind: &str) -> String {
    let (group, version) = group_and_version(api_version);
    let versions = known(api_version, kind).map_or(&[] as &[&str], |known| known.versions);
    match versions.first() {
        Some(stored) if versions.contains(&version) => format!("{group}/{stored}"),
        _ => api_version.to_owned(),
    }
}

/// A version in which an API server took objects once, and does not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedVersion {
    /// The kind.
    pub kind: &'static str,
    /// The version that was removed.
    pub api_version: &'static str,
    /// The release of Kubernetes that removed it.
    pub release: &'static str,
    /// The version to write instead.
    pub replacement: &'static str,
}

impl fmt::Display for RemovedVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, api_version, release, replacement } = self;
        write!(formatter, "Kubernetes {release} removed {kind} of {api_version}, rewrite it for {replacement}")
    }
}

/// The versions of Ingress that the API server took before `networking.k8s.io/v1`, as Kubernetes' deprecation guide lists
/// them.
const REMOVED_VERSIONS: [RemovedVersion; 3] = [
    removed("Ingress", "extensions/v1beta1"),
    removed("Ingress", "networking.k8s.io/v1beta1"),
    removed("IngressClass", "networking.k8s.io/v1beta1"),
];

const fn removed(kind: &'static str, api_version: &'static str) -> RemovedVersion {
    RemovedVersion { kind, api_version, release: "1.22", replacement: "networking.k8s.io/v1" }
}

/// What is known of a version that the API server does not take any more.
#[must_use]
pub fn removed_version(api_version: &str, kind: &str) -> Option<RemovedVersion> {
    REMOVED_VERSIONS.iter().find(|removed| removed.api_version == api_version && removed.kind == kind).cloned()
}

/// The resource name of a kind, as it stands in URLs and webhook rules: `Ingress` gives `ingresses`.
///
/// For a kind that is not in the table, the rules are those of apimachinery's `UnsafeGuessKindToResource`
/// (`pkg/api/meta/restmapper.go`), and a `y` after a vowel stays, as the resource names of real kinds have it.
#[must_use]
pub fn plural(kind: &str) -> String {
    if let Some(known) = KINDS.iter().find(|known| known.kind == kind) {
        return known.plural.to_owned();
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
            "TLSRoute",
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
                "tlsroutes",
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
        assert!(!is_namespaced("gateway.networking.k8s.io/v1", "GatewayClass"));
        assert!(is_namespaced("gateway.networking.k8s.io/v1", "TLSRoute"));
        assert!(is_namespaced("gateway.networking.k8s.io/v1", "ListenerSet"));
        assert!(is_namespaced("networking.k8s.io/v1", "Ingress"));
        assert!(is_namespaced("example.com/v1", "IngressClass"));
    }

    #[test]
    fn versions_with_one_schema_are_one_object() {
        assert_eq!(stored_version("gateway.networking.k8s.io/v1beta1", "HTTPRoute"), "gateway.networking.k8s.io/v1");
        assert_eq!(
            stored_version("gateway.networking.k8s.io/v1", "ReferenceGrant"),
            "gateway.networking.k8s.io/v1beta1"
        );
        assert_eq!(stored_version("gateway.k8s.aws/v1beta1", "TargetGroupConfiguration"), "gateway.k8s.aws/v1");
        assert_eq!(stored_version("gateway.networking.k8s.io/v0", "HTTPRoute"), "gateway.networking.k8s.io/v0");
        assert_eq!(stored_version("elbv2.k8s.aws/v1alpha1", "TargetGroupBinding"), "elbv2.k8s.aws/v1alpha1");
        assert_eq!(stored_version("v1", "Service"), "v1");
    }

    #[test]
    fn the_gateway_api_has_three_groups() {
        assert!(is_of_gateway_api("gateway.networking.k8s.io/v1", "Gateway"));
        assert!(is_of_gateway_api("gateway.k8s.aws/v1", "TargetGroupConfiguration"));
        assert!(is_of_gateway_api("eks.amazonaws.com/v1", "TargetGroupConfiguration"));
        assert!(!is_of_gateway_api("eks.amazonaws.com/v1", "TargetGroupBinding"));
        assert!(!is_of_gateway_api("networking.k8s.io/v1", "IngressClass"));
    }

    #[test]
    fn a_removed_version_names_its_replacement() {
        let removed = removed_version("extensions/v1beta1", "Ingress").expect("a removed version");
        let sentence = "Kubernetes 1.22 removed Ingress of extensions/v1beta1, rewrite it for networking.k8s.io/v1";
        assert_eq!(removed.to_string(), sentence);
        assert_eq!(removed_version("networking.k8s.io/v1", "Ingress"), None);
        assert_eq!(removed_version("networking.k8s.io/v1beta1", "NetworkPolicy"), None);
    }

    #[test]
    fn the_core_group_is_empty() {
        assert_eq!(group_and_version("v1"), ("", "v1"));
        assert_eq!(group_and_version("apps/v1"), ("apps", "v1"));
    }
}
