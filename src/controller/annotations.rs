//! Every annotation and label that is read or written, in one list.

/// The target type of an Ingress' target groups; on the Ingress or on a backend Service.
pub const INGRESS_TARGET_TYPE: &str = "alb.ingress.kubernetes.io/target-type";
/// The health check port of an Ingress' target groups; on the Ingress or on a backend Service.
pub const INGRESS_HEALTH_CHECK_PORT: &str = "alb.ingress.kubernetes.io/healthcheck-port";
/// The start of the keys under which an Ingress keeps the actions of its `use-annotation` backends.
pub const INGRESS_ACTIONS: &str = "alb.ingress.kubernetes.io/actions.";
/// The group of Ingresses that share a load balancer.
pub const INGRESS_GROUP: &str = "alb.ingress.kubernetes.io/group.name";
/// The class of an Ingress, without an IngressClass object.
pub const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
/// Makes an IngressClass the one of Ingresses that name none.
pub const DEFAULT_INGRESS_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// The target type of an NLB Service's target groups.
pub const NLB_TARGET_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type";
/// The health check port of an NLB Service's target groups.
pub const NLB_HEALTH_CHECK_PORT: &str = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port";
/// The start of the keys under which an NLB Service keeps the actions of its listeners.
pub const NLB_ACTIONS: &str = "service.beta.kubernetes.io/actions.";
/// Who makes the load balancer of a Service, and of which kind.
pub const NLB_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
/// The certificates of TLS listeners.
pub const NLB_CERTIFICATES: &str = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert";
/// The ports with TLS listeners.
pub const NLB_TLS_PORTS: &str = "service.beta.kubernetes.io/aws-load-balancer-ssl-ports";
/// The ports with QUIC listeners.
pub const NLB_QUIC_PORTS: &str = "service.beta.kubernetes.io/aws-load-balancer-quic-enabled-ports";
/// Whether TCP and UDP of one port share a listener.
pub const NLB_TCP_UDP: &str = "service.beta.kubernetes.io/aws-load-balancer-enable-tcp-udp-listener";

/// Add-ons that the controller has recorded on a Gateway.
///
/// LBC `pkg/addon/addon.go` AllAddons, `controllers/gateway/addons.go` generateAddOnKey.
pub const GATEWAY_ADD_ONS: [&str; 3] =
    ["gateway.k8s.aws.addon.wafv2", "gateway.k8s.aws.addon.shield", "gateway.k8s.aws.addon.provisionedcapacity"];

/// The prefixes of the labels by which the controller knows what it made itself.
///
/// LBC `pkg/deploy/tracking/provider.go` StackLabels; those of Auto Mode are seen in public manifests only.
pub const TRACKING_LABELS: [&str; 6] = [
    "ingress.k8s.aws",
    "service.k8s.aws",
    "gateway.k8s.aws.alb",
    "gateway.k8s.aws.nlb",
    "ingress.eks.amazonaws.com",
    "service.eks.amazonaws.com",
];
