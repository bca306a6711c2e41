//! Health check ports: the ones that the controller refuses, and the ones that were node ports.

use serde::Serialize;

use crate::kubernetes::{IntOrString, Service, parse_port};

/// A health check port that keeps a Service from being served in ip mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedHealthCheckPort {
    /// The name.
    pub name: String,
    /// Whether the Service has no such port, which is refused in instance mode too; else its `targetPort` is a name.
    pub is_missing: bool,
}

/// The name in a health check port setting that the controller refuses in ip mode, if it does.
///
/// LBC `pkg/ingress/model_build_target_group.go` and `pkg/service/model_build_target_group.go`,
/// buildTargetGroupHealthCheckPort, and `pkg/gateway/routeutils/backend_service.go` GetHealthCheckPort: `cannot use named
/// healthCheckPort for IP TargetType when service's targetPort is a named port`, and a name that no port has.
pub fn refused_health_check_port(setting: Option<&str>, service: &Service) -> Option<RefusedHealthCheckPort> {
    let value = setting.filter(|value| *value != "traffic-port")?;
    let port = parse_port(value);
    let IntOrString::String(name) = &port else { return None };
    let found = service.port(&port);
    let is_refused = found.is_none_or(|port| matches!(port.target_port, Some(IntOrString::String(_))));
    is_refused.then(|| RefusedHealthCheckPort { name: name.clone(), is_missing: found.is_none() })
}

/// Whether a number is in the range from which node ports are allocated, unless the API server was told otherwise.
pub fn is_in_node_port_range(port: i32) -> bool {
    (30_000..=32_767).contains(&port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Json, parse};

    #[track_caller]
    fn check(setting: Option<&str>, expected: Option<(&str, bool)>) {
        let document = parse(
            r#"{"spec":{"ports":[{"name":"http","port":80,"targetPort":"web"},{"name":"admin","port":81,"targetPort":8081},{"name":"plain","port":82}]}}"#,
        )
        .unwrap();
        let service = Service::read(Json::of(&document)).unwrap();
        let expected = expected.map(|(name, is_missing)| RefusedHealthCheckPort { name: name.to_owned(), is_missing });
        assert_eq!(refused_health_check_port(setting, &service), expected);
    }

    #[test]
    fn only_names_are_refused() {
        check(None, None);
        check(Some("traffic-port"), None);
        check(Some("8080"), None);
        check(Some("http"), Some(("http", false)));
        check(Some("admin"), None);
        check(Some("plain"), None);
        check(Some("absent"), Some(("absent", true)));
    }
}
