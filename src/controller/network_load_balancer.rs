//! NLB Services: which ones the controller takes, their target type, and the Services that they forward to by weight.

use super::actions::{ActionOwner, target_groups_of_action};
use super::annotations::{
    INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE, NLB_ACTIONS, NLB_CERTIFICATES, NLB_HEALTH_CHECK_PORT,
    NLB_QUIC_PORTS, NLB_TARGET_TYPE, NLB_TCP_UDP, NLB_TLS_PORTS, NLB_TYPE,
};
use super::{BackendReference, Controller, Place, Resolved, Source, TargetType, default_target_type, entries_read};
use crate::index::{ByName, Names, Ports, each_once};
use crate::kubernetes::{DecodeError, Edition, Kind, NameKey, ObjectRef, Service, ServicePort, ServiceType};

const AUTO_MODE_CLASS: &str = "eks.amazonaws.com/nlb";

/// The load balancer of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkLoadBalancer {
    /// Which edition makes it.
    pub edition: Edition,
    /// The type of all of its target groups, also of those for other Services.
    pub target_type: Resolved,
}

/// The load balancer that the controller makes for the Service, whatever the Service's type; none where it does not
/// take the Service. The feature gates are not those of Auto Mode.
///
/// LBC `pkg/service/service_utils.go` IsServiceSupported, `pkg/service/model_build_target_group.go` buildTargetType:
/// any value but `ip` counts as instance. `main.go`: EnableServiceController.
pub fn network_load_balancer(service: &Service, controller: &Controller) -> Option<NetworkLoadBalancer> {
    let lb_type = service.metadata.annotation(NLB_TYPE);
    let target_type = service.metadata.annotation(NLB_TARGET_TYPE);
    let edition = match service.spec.load_balancer_class.as_deref() {
        Some(AUTO_MODE_CLASS) => Edition::AutoMode,
        Some(class) if class == controller.load_balancer_class => Edition::Standard,
        Some(_) => return None,
        None if lb_type == Some("nlb-ip") => Edition::Standard,
        None if lb_type == Some("external") && matches!(target_type, Some("ip" | "instance")) => Edition::Standard,
        None => return None,
    };
    let gates = &controller.feature_gates;
    let is_taken = edition == Edition::AutoMode
        || (gates.service_controller
            && (!gates.load_balancer_services_only || service.service_type() == ServiceType::LoadBalancer));
    if !controller.has(edition) || !is_taken {
        return None;
    }
    let annotation = |value, key| {
        let object = ObjectRef::new(Kind::Service, &service.metadata.namespace, &service.metadata.name);
        Resolved { value, source: Source::Annotation { object, key } }
    };
    let target_type = match (edition, lb_type, target_type) {
        (Edition::Standard, Some("nlb-ip"), _) => annotation(TargetType::Ip, NLB_TYPE),
        (_, _, Some("ip")) => annotation(TargetType::Ip, NLB_TARGET_TYPE),
        (_, _, Some(_)) => annotation(TargetType::Instance, NLB_TARGET_TYPE),
        (_, _, None) => default_target_type(edition, controller),
    };
    Some(NetworkLoadBalancer { edition, target_type })
}

/// Every other Service that the listeners of an NLB Service forward to, in the order of its ports; and the actions
/// annotations that the controller would read and refuse. A key that names no listener means nothing.
///
/// LBC `pkg/service/model_build_listener.go` buildListenerSpec, buildActionConfigViaAnnotation.
pub fn references_of_listeners<'a>(
    service: &'a Service,
    controller: &Controller,
) -> (Vec<BackendReference<'a>>, Vec<DecodeError>) {
    let mut references = Vec::new();
    let mut errors = Vec::new();
    let keys = listener_keys(service, controller);
    if !keys.is_empty()
        && let Err(error) = service.metadata.check_size_of_annotations()
    {
        return (references, vec![error]);
    }
    for key in keys {
        let Some(action) = service.metadata.annotation(&key) else { continue };
        match target_groups_of_action(ActionOwner::Service, &key, action) {
            Err(error) => errors.push(error),
            Ok(groups) => references.extend(groups.into_iter().map(|group| BackendReference {
                namespace: &service.metadata.namespace,
                name: group.service_name.into(),
                port: Some(group.service_port),
                place: Place::Action { key: key.clone(), index: group.index },
            })),
        }
    }
    (references, errors)
}

/// The annotations of a Service that decide something here: of its own load balancer, and of Ingresses in front of it.
pub fn annotations_of_service<'a>(service: &'a Service, controller: &Controller) -> Vec<(&'a str, &'a str)> {
    let actions = each_once(listener_keys(service, controller).into_iter().map(NameKey::from));
    entries_read(&service.metadata.annotations.0, |key| {
        matches!(key, INGRESS_TARGET_TYPE | INGRESS_HEALTH_CHECK_PORT | NLB_TARGET_TYPE | NLB_HEALTH_CHECK_PORT)
            || matches!(key, NLB_TYPE | NLB_CERTIFICATES | NLB_TLS_PORTS | NLB_QUIC_PORTS | NLB_TCP_UDP)
            || actions.contains(&key.into())
    })
}

/// The annotation keys of the Service's listeners, each once.
fn listener_keys(service: &Service, controller: &Controller) -> Vec<String> {
    if !service.metadata.annotations.0.keys().any(|key| key.starts_with(NLB_ACTIONS)) {
        return Vec::new();
    }
    let config = ListenerConfig::new(service, controller);
    let keys = service.spec.ports.iter().map(|port| format!("{NLB_ACTIONS}{}-{}", config.protocol(port), port.port));
    let mut seen = ByName::default();
    for key in keys {
        seen.insert(key.clone().into(), key);
    }
    seen.into_values()
}

/// What decides the protocols of all listeners.
struct ListenerConfig<'a> {
    has_certificates: bool,
    tls_ports: Names<'a>,
    quic_ports: Names<'a>,
    /// The ports that TCP and UDP share in one listener.
    merged_ports: Ports,
}

impl<'a> ListenerConfig<'a> {
    fn new(service: &'a Service, controller: &Controller) -> Self {
        let list = |key| comma_separated(service.metadata.annotation(key).unwrap_or_default());
        let mut seen = Ports::default();
        let mut merged_ports = Ports::default();
        // LBC `pkg/service/model_build_listener.go` shouldUseTCPUDP: a value that is no boolean leaves it to the gate.
        let annotation = service.metadata.annotation(NLB_TCP_UDP).and_then(parse_bool);
        if annotation.unwrap_or(controller.feature_gates.tcp_udp_listener) {
            let ports = service.spec.ports.iter().map(|port| port.port);
            merged_ports = each_once(ports.filter(|port| !seen.insert(*port, ())));
        }
        Self {
            has_certificates: !list(NLB_CERTIFICATES).is_empty(),
            tls_ports: list(NLB_TLS_PORTS),
            quic_ports: list(NLB_QUIC_PORTS),
            merged_ports,
        }
    }

    /// The protocol of the listener of a port.
    fn protocol(&self, port: &'a ServicePort) -> &'a str {
        let number = port.port.to_string();
        let is_listed =
            |list: &Names<'_>| list.contains(&port.name.as_str().into()) || list.contains(&number.as_str().into());
        match (self.merged_ports.contains(&port.port), port.protocol.as_str()) {
            (true, _) if is_listed(&self.quic_ports) => "TCP_QUIC",
            (true, _) => "TCP_UDP",
            (false, "UDP") if is_listed(&self.quic_ports) => "QUIC",
            (false, "UDP") => "UDP",
            (false, _) if self.has_certificates && (self.tls_ports.is_empty() || is_listed(&self.tls_ports)) => "TLS",
            (false, "") => "TCP",
            (false, other) => other,
        }
    }
}

/// LBC `pkg/annotations/parser.go` splitCommaSeparatedString.
fn comma_separated(text: &str) -> Names<'_> {
    each_once(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(NameKey::from))
}

/// Go's `strconv.ParseBool`.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Json, parse};

    fn service(annotations: &[(&str, &str)], spec: &str) -> Service {
        let mut service = Service::read(Json::of(&parse(&format!(r#"{{"spec":{spec}}}"#)).unwrap())).unwrap();
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        service.metadata.annotations.0.extend(annotations);
        service
    }

    #[test]
    fn no_action_is_read_of_more_annotations_than_kubernetes_takes() {
        let key = "service.beta.kubernetes.io/actions.TCP-80";
        let errors = |size: usize| {
            let service = service(&[(key, "{}"), ("x", &"x".repeat(size))], r#"{"ports":[{"port":80}]}"#);
            let (_, errors) = references_of_listeners(&service, &Controller::default());
            errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>()
        };
        let (most, others) = (256 * 1024, key.len() + "{}".len() + "x".len());
        assert_eq!(errors(most - others), [format!("metadata.annotations[{key}].type is missing")]);
        let too_many =
            format!("metadata.annotations have {} bytes, and Kubernetes takes no more than {most}", most + 1);
        assert_eq!(errors(most - others + 1), [too_many]);
    }

    #[track_caller]
    fn check(
        [lb_type, target_type, class]: [Option<&str>; 3],
        default: TargetType,
        expected: Option<(Edition, TargetType, Source)>,
    ) {
        let controller = Controller { default_target_type: default, ..Controller::default() };
        let annotations: Vec<(&str, &str)> = [(NLB_TYPE, lb_type), (NLB_TARGET_TYPE, target_type)]
            .iter()
            .filter_map(|(key, value)| value.map(|value| (*key, value)))
            .collect();
        let mut service = service(&annotations, "{}");
        service.spec.load_balancer_class = class.map(str::to_owned);
        let expected = expected
            .map(|(edition, value, source)| NetworkLoadBalancer { edition, target_type: Resolved { value, source } });
        assert_eq!(network_load_balancer(&service, &controller), expected);
    }

    #[test]
    fn services_that_are_taken_and_their_target_type() {
        use Edition::{AutoMode, Standard};
        use Source::{AutoModeDefault, ControllerDefault};
        use TargetType::{Instance, Ip};
        let of = |key| Source::Annotation { object: ObjectRef::new(Kind::Service, "", ""), key };
        let (target_type, lb_type) = (|| of(NLB_TARGET_TYPE), || of(NLB_TYPE));
        let (external, nlb_ip) = (Some("external"), Some("nlb-ip"));
        let (instance, ip) = (Some("instance"), Some("ip"));
        let (own, auto) = (Some("service.k8s.aws/nlb"), Some("eks.amazonaws.com/nlb"));
        check([None, None, None], Instance, None);
        check([None, instance, None], Instance, None);
        check([external, None, None], Instance, None);
        check([external, Some("lambda"), None], Instance, None);
        check([external, instance, None], Ip, Some((Standard, Instance, target_type())));
        check([external, ip, None], Instance, Some((Standard, Ip, target_type())));
        check([nlb_ip, None, None], Instance, Some((Standard, Ip, lb_type())));
        check([nlb_ip, instance, None], Instance, Some((Standard, Ip, lb_type())));
        check([external, instance, Some("other")], Instance, None);
        check([None, None, own], Instance, Some((Standard, Instance, ControllerDefault)));
        check([None, None, own], Ip, Some((Standard, Ip, ControllerDefault)));
        check([None, Some("lambda"), own], Ip, Some((Standard, Instance, target_type())));
        check([nlb_ip, instance, own], Instance, Some((Standard, Ip, lb_type())));
        check([None, None, auto], Instance, Some((AutoMode, Ip, AutoModeDefault)));
        check([None, instance, auto], Ip, Some((AutoMode, Instance, target_type())));
        check([nlb_ip, instance, auto], Ip, Some((AutoMode, Instance, target_type())));
    }

    #[test]
    fn the_class_of_auto_mode_is_its_own_whatever_the_flag_says() {
        let class = AUTO_MODE_CLASS.to_owned();
        let controller = Controller { load_balancer_class: class.clone().into(), ..Controller::default() };
        let mut service = Service::default();
        service.spec.load_balancer_class = Some(class);
        let edition = network_load_balancer(&service, &controller).map(|load_balancer| load_balancer.edition);
        assert_eq!(edition, Some(Edition::AutoMode));
    }

    #[track_caller]
    fn check_keys_of(controller: &Controller, annotations: &[(&str, &str)], ports: &str, expected: &[&str]) {
        let mut service = service(annotations, &format!(r#"{{"ports":{ports}}}"#));
        let expected: Vec<String> = expected.iter().map(|key| format!("{NLB_ACTIONS}{key}")).collect();
        service.metadata.annotations.0.insert(&format!("{NLB_ACTIONS}x"), "");
        assert_eq!(listener_keys(&service, controller), expected);
    }

    #[track_caller]
    fn check_keys(annotations: &[(&str, &str)], ports: &str, expected: &[&str]) {
        check_keys_of(&Controller::default(), annotations, ports, expected);
    }

    #[test]
    fn the_key_of_a_listener_is_its_protocol_and_port() {
        let web = r#"[{"name":"http","port":80},{"name":"https","port":443,"protocol":"TCP"}]"#;
        let certificate = (NLB_CERTIFICATES, "arn:a, arn:b");
        check_keys(&[], web, &["TCP-80", "TCP-443"]);
        check_keys(&[certificate], web, &["TLS-80", "TLS-443"]);
        check_keys(&[certificate, (NLB_TLS_PORTS, "https")], web, &["TCP-80", "TLS-443"]);
        check_keys(&[certificate, (NLB_TLS_PORTS, "80, x")], web, &["TLS-80", "TCP-443"]);
        check_keys(&[(NLB_CERTIFICATES, " ,"), (NLB_TLS_PORTS, "https")], web, &["TCP-80", "TCP-443"]);
        let dns = r#"[{"name":"tcp","port":53,"protocol":"TCP"},{"name":"udp","port":53,"protocol":"UDP"}]"#;
        check_keys(&[], dns, &["TCP-53", "UDP-53"]);
        check_keys(&[certificate], dns, &["TLS-53", "UDP-53"]);
        check_keys(&[(NLB_TCP_UDP, "true")], dns, &["TCP_UDP-53"]);
        check_keys(&[(NLB_TCP_UDP, "true"), certificate], dns, &["TCP_UDP-53"]);
        check_keys(&[(NLB_TCP_UDP, "yes")], dns, &["TCP-53", "UDP-53"]);
        check_keys(&[(NLB_TCP_UDP, "true"), (NLB_QUIC_PORTS, "53")], dns, &["TCP_QUIC-53"]);
        check_keys(&[(NLB_QUIC_PORTS, "udp")], dns, &["TCP-53", "QUIC-53"]);
        check_keys(&[], r#"[{"port":80,"protocol":"SCTP"}]"#, &["SCTP-80"]);
        let mut merging = Controller::default();
        merging.feature_gates.tcp_udp_listener = true;
        check_keys_of(&merging, &[], dns, &["TCP_UDP-53"]);
        check_keys_of(&merging, &[(NLB_TCP_UDP, "yes")], dns, &["TCP_UDP-53"]);
        check_keys_of(&merging, &[(NLB_TCP_UDP, "F")], dns, &["TCP-53", "UDP-53"]);
    }
}
