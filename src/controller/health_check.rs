//! The health check port that ip mode refuses.

use crate::kubernetes::{IntOrString, Service};

/// The name in a health check port annotation that the controller refuses in ip mode, if it does: a port of the
/// Service by name, whose `targetPort` is a name too.
///
/// LBC `pkg/ingress/model_build_target_group.go` and `pkg/service/model_build_target_group.go`,
/// buildTargetGroupHealthCheckPort: `cannot use named healthCheckPort for IP TargetType when service's targetPort is a
/// named port`. A name that is not among the ports fails in both modes, and is not this.
pub fn named_health_check_port(annotation: Option<&str>, service: &Service) -> Option<String> {
    let value = annotation.filter(|value| *value != "traffic-port")?;
    let IntOrString::String(name) = IntOrString::parse(value) else { return None };
    let port = service.spec.ports.iter().find(|port| port.name == name)?;
    matches!(port.target_port, Some(IntOrString::String(_))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(annotation: Option<&str>, expected: Option<&str>) {
        let service = crate::kubernetes::decode::<Service>(
            r#"{"spec":{"ports":[{"name":"http","port":80,"targetPort":"web"},{"name":"admin","port":81,"targetPort":8081},{"name":"plain","port":82}]}}"#,
        )
        .unwrap();
        assert_eq!(named_health_check_port(annotation, &service), expected.map(str::to_owned));
    }

    #[test]
    fn only_a_name_for_a_named_target_port_is_refused() {
        check(None, None);
        check(Some("traffic-port"), None);
        check(Some("8080"), None);
        check(Some("http"), Some("http"));
        check(Some("admin"), None);
        check(Some("plain"), None);
        check(Some("absent"), None);
    }
}
