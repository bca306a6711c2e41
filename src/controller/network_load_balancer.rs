//! NLB Services: which ones the controller takes, their target type, and the Services that they forward to by weight.

use std::collections::BTreeSet;

use super::actions::{ActionError, ActionOwner, target_groups_of_action};
use super::{
    BackendReference, Flags, INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE, NLB_HEALTH_CHECK_PORT, NLB_TARGET_TYPE,
    Resolved, Source, TargetType, default_target_type, entries_read,
};
use crate::kubernetes::{Edition, Protocol, Service, ServicePort};

/// Where an NLB Service keeps the actions of its listeners.
pub const ACTIONS_PREFIX: &str = "service.beta.kubernetes.io/actions.";

const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
const CERTIFICATES: &str = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert";
const TLS_PORTS: &str = "service.beta.kubernetes.io/aws-load-balancer-ssl-ports";
const QUIC_PORTS: &str = "service.beta.kubernetes.io/aws-load-balancer-quic-enabled-ports";
const TCP_UDP: &str = "service.beta.kubernetes.io/aws-load-balancer-enable-tcp-udp-listener";

const AUTO_MODE_CLASS: &str = "eks.amazonaws.com/nlb";

/// The load balancer of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkLoadBalancer {
    /// Which edition makes it.
    pub edition: Edition,
    /// The type of all of its target groups, also of those for other Services.
    pub target_type: Resolved<TargetType>,
}

/// The load balancer that the controller makes for the Service, whatever the Service's type; none where it does not
/// take the Service.
///
/// LBC `pkg/service/service_utils.go` IsServiceSupported, `pkg/service/model_build_target_group.go` buildTargetType:
/// any value but `ip` counts as instance.
pub fn network_load_balancer(service: &Service, flags: &Flags) -> Option<NetworkLoadBalancer> {
    let lb_type = service.metadata.annotation(TYPE);
    let target_type = service.metadata.annotation(NLB_TARGET_TYPE);
    let edition = match service.spec.load_balancer_class.as_deref() {
        Some(AUTO_MODE_CLASS) => Edition::AutoMode,
        Some(class) if class == flags.load_balancer_class => Edition::Standard,
        Some(_) => return None,
        None if lb_type == Some("nlb-ip") => Edition::Standard,
        None if lb_type == Some("external") && matches!(target_type, Some("ip" | "instance")) => Edition::Standard,
        None => return None,
    };
    let of_annotation = |value| Resolved { value, source: Source::NlbTargetTypeAnnotation };
    let target_type = match (edition, lb_type, target_type) {
        (Edition::Standard, Some("nlb-ip"), _) => Resolved { value: TargetType::Ip, source: Source::NlbTypeAnnotation },
        (_, _, Some("ip")) => of_annotation(TargetType::Ip),
        (_, _, Some(_)) => of_annotation(TargetType::Instance),
        (_, _, None) => default_target_type(edition, flags.default_target_type),
    };
    Some(NetworkLoadBalancer { edition, target_type })
}

/// Every other Service that the listeners of an NLB Service forward to, in the order of its ports; and the actions
/// annotations that the controller would read and refuse. A key that names no listener means nothing.
///
/// LBC `pkg/service/model_build_listener.go` buildListenerSpec, buildActionConfigViaAnnotation.
pub fn references_of_listeners(service: &Service) -> (Vec<BackendReference<'static>>, Vec<ActionError>) {
    let mut references = Vec::new();
    let mut errors = Vec::new();
    for key in listener_keys(service) {
        let Some(action) = service.metadata.annotation(&key) else { continue };
        match target_groups_of_action(ActionOwner::Service, &key, action) {
            Err(error) => errors.push(error),
            Ok(groups) => {
                references.extend(groups.into_iter().map(|group| BackendReference {
                    service_name: group.service_name.into(),
                    port: group.service_port,
                }))
            }
        }
    }
    (references, errors)
}

/// The annotations of a Service that decide something here: of its own load balancer, and of Ingresses in front of it.
pub fn annotations_of_service(service: &Service) -> Vec<(&str, &str)> {
    let mut actions = BTreeSet::new();
    actions.extend(listener_keys(service));
    entries_read(&service.metadata.annotations, |key| {
        matches!(key, INGRESS_TARGET_TYPE | INGRESS_HEALTH_CHECK_PORT | NLB_TARGET_TYPE | NLB_HEALTH_CHECK_PORT)
            || matches!(key, TYPE | CERTIFICATES | TLS_PORTS | QUIC_PORTS | TCP_UDP)
            || actions.contains(key)
    })
}

/// The annotation keys of the Service's listeners, each once.
fn listener_keys(service: &Service) -> Vec<String> {
    let config = ListenerConfig::new(service);
    let mut seen = BTreeSet::new();
    let keys = service.spec.ports.iter().map(|port| format!("{ACTIONS_PREFIX}{}-{}", config.protocol(port), port.port));
    keys.filter(|key| seen.insert(key.clone())).collect()
}

/// What decides the protocols of all listeners.
struct ListenerConfig<'a> {
    has_certificates: bool,
    tls_ports: BTreeSet<&'a str>,
    quic_ports: BTreeSet<&'a str>,
    /// The ports that TCP and UDP share in one listener.
    merged_ports: BTreeSet<i32>,
}

impl<'a> ListenerConfig<'a> {
    fn new(service: &'a Service) -> Self {
        let list = |key| comma_separated(service.metadata.annotation(key).unwrap_or_default());
        let mut seen = BTreeSet::new();
        let mut merged_ports = BTreeSet::new();
        if service.metadata.annotation(TCP_UDP).is_some_and(is_true) {
            merged_ports.extend(service.spec.ports.iter().map(|port| port.port).filter(|port| !seen.insert(*port)));
        }
        Self {
            has_certificates: !list(CERTIFICATES).is_empty(),
            tls_ports: list(TLS_PORTS),
            quic_ports: list(QUIC_PORTS),
            merged_ports,
        }
    }

    /// The protocol of the listener of a port.
    fn protocol(&self, port: &ServicePort) -> &'static str {
        let number = port.port.to_string();
        let is_listed = |list: &BTreeSet<&str>| list.contains(port.name.as_str()) || list.contains(number.as_str());
        match (self.merged_ports.contains(&port.port), port.protocol) {
            (true, _) if is_listed(&self.quic_ports) => "TCP_QUIC",
            (true, _) => "TCP_UDP",
            (false, Protocol::Udp) if is_listed(&self.quic_ports) => "QUIC",
            (false, Protocol::Udp) => "UDP",
            (false, _) if self.has_certificates && (self.tls_ports.is_empty() || is_listed(&self.tls_ports)) => "TLS",
            (false, Protocol::Sctp) => "SCTP",
            (false, _) => "TCP",
        }
    }
}

/// LBC `pkg/annotations/parser.go` splitCommaSeparatedString.
fn comma_separated(text: &str) -> BTreeSet<&str> {
    let mut parts = BTreeSet::new();
    parts.extend(text.split(',').map(str::trim).filter(|part| !part.is_empty()));
    parts
}

/// Go's `strconv.ParseBool`.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(annotations: &[(&str, &str)], spec: &str) -> Service {
        let mut service = Service::clone(&crate::kubernetes::decode(&format!(r#"{{"spec":{spec}}}"#)).unwrap());
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        service.metadata.annotations.extend(annotations);
        service
    }

    #[track_caller]
    fn check(
        [lb_type, target_type, class]: [Option<&str>; 3],
        default: TargetType,
        expected: Option<(Edition, TargetType, Source)>,
    ) {
        let flags = Flags { default_target_type: default, ..Flags::default() };
        let annotations: Vec<(&str, &str)> = [(TYPE, lb_type), (NLB_TARGET_TYPE, target_type)]
            .iter()
            .filter_map(|(key, value)| value.map(|value| (*key, value)))
            .collect();
        let mut service = service(&annotations, "{}");
        service.spec.load_balancer_class = class.map(str::to_owned);
        let expected = expected
            .map(|(edition, value, source)| NetworkLoadBalancer { edition, target_type: Resolved { value, source } });
        assert_eq!(network_load_balancer(&service, &flags), expected);
    }

    #[test]
    fn services_that_are_taken_and_their_target_type() {
        use Edition::{AutoMode, Standard};
        use Source::{AutoModeDefault, ControllerDefault, NlbTargetTypeAnnotation, NlbTypeAnnotation};
        use TargetType::{Instance, Ip};
        let (external, nlb_ip) = (Some("external"), Some("nlb-ip"));
        let (instance, ip) = (Some("instance"), Some("ip"));
        let (own, auto) = (Some("service.k8s.aws/nlb"), Some("eks.amazonaws.com/nlb"));
        check([None, None, None], Instance, None);
        check([None, instance, None], Instance, None);
        check([external, None, None], Instance, None);
        check([external, Some("lambda"), None], Instance, None);
        check([external, instance, None], Ip, Some((Standard, Instance, NlbTargetTypeAnnotation)));
        check([external, ip, None], Instance, Some((Standard, Ip, NlbTargetTypeAnnotation)));
        check([nlb_ip, None, None], Instance, Some((Standard, Ip, NlbTypeAnnotation)));
        check([nlb_ip, instance, None], Instance, Some((Standard, Ip, NlbTypeAnnotation)));
        check([external, instance, Some("other")], Instance, None);
        check([None, None, own], Instance, Some((Standard, Instance, ControllerDefault)));
        check([None, None, own], Ip, Some((Standard, Ip, ControllerDefault)));
        check([None, Some("lambda"), own], Ip, Some((Standard, Instance, NlbTargetTypeAnnotation)));
        check([nlb_ip, instance, own], Instance, Some((Standard, Ip, NlbTypeAnnotation)));
        check([None, None, auto], Instance, Some((AutoMode, Ip, AutoModeDefault)));
        check([None, instance, auto], Ip, Some((AutoMode, Instance, NlbTargetTypeAnnotation)));
        check([nlb_ip, instance, auto], Ip, Some((AutoMode, Instance, NlbTargetTypeAnnotation)));
    }

    #[test]
    fn the_class_of_auto_mode_is_its_own_whatever_the_flag_says() {
        let class = AUTO_MODE_CLASS.to_owned();
        let flags = Flags { load_balancer_class: class.clone().into(), ..Flags::default() };
        let mut service = Service::default();
        service.spec.load_balancer_class = Some(class);
        let edition = network_load_balancer(&service, &flags).map(|load_balancer| load_balancer.edition);
        assert_eq!(edition, Some(Edition::AutoMode));
    }

    #[track_caller]
    fn check_keys(annotations: &[(&str, &str)], ports: &str, expected: &[&str]) {
        let service = service(annotations, &format!(r#"{{"ports":{ports}}}"#));
        let expected: Vec<String> = expected.iter().map(|key| format!("{ACTIONS_PREFIX}{key}")).collect();
        assert_eq!(listener_keys(&service), expected);
    }

    #[test]
    fn the_key_of_a_listener_is_its_protocol_and_port() {
        let web = r#"[{"name":"http","port":80},{"name":"https","port":443,"protocol":"TCP"}]"#;
        let certificate = (CERTIFICATES, "arn:a, arn:b");
        check_keys(&[], web, &["TCP-80", "TCP-443"]);
        check_keys(&[certificate], web, &["TLS-80", "TLS-443"]);
        check_keys(&[certificate, (TLS_PORTS, "https")], web, &["TCP-80", "TLS-443"]);
        check_keys(&[certificate, (TLS_PORTS, "80, x")], web, &["TLS-80", "TCP-443"]);
        check_keys(&[(CERTIFICATES, " ,"), (TLS_PORTS, "https")], web, &["TCP-80", "TCP-443"]);
        let dns = r#"[{"name":"tcp","port":53,"protocol":"TCP"},{"name":"udp","port":53,"protocol":"UDP"}]"#;
        check_keys(&[], dns, &["TCP-53", "UDP-53"]);
        check_keys(&[certificate], dns, &["TLS-53", "UDP-53"]);
        check_keys(&[(TCP_UDP, "true")], dns, &["TCP_UDP-53"]);
        check_keys(&[(TCP_UDP, "true"), certificate], dns, &["TCP_UDP-53"]);
        check_keys(&[(TCP_UDP, "yes")], dns, &["TCP-53", "UDP-53"]);
        check_keys(&[(TCP_UDP, "true"), (QUIC_PORTS, "53")], dns, &["TCP_QUIC-53"]);
        check_keys(&[(QUIC_PORTS, "udp")], dns, &["TCP-53", "QUIC-53"]);
        check_keys(&[], r#"[{"port":80,"protocol":"SCTP"}]"#, &["SCTP-80"]);
    }
}
