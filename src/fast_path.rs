//! The fast path: most requests are for ordinary Services, which are recognised from the raw bytes, without parsing.
//!
//! This is the one place that answers without reading the object. It must never be wrong where it answers, and may give up
//! for any reason: then everything is read. It relies on the host for one thing, that the payload is JSON of an
//! AdmissionRequest and of settings; whoever made the object has no part in that.

use json_scan::{UNICODE_ESCAPE, any_pair, starts_with};

use crate::settings::Settings;

/// Whether the payload is a request for a Service that passes untouched: with `services: headless`, one that is neither
/// headless nor has an `actions.` annotation, before and after.
///
/// A Service is headless only where `None` stands in its JSON, or a `\u` escape that hides it. The one `None` that every
/// stored Service has is that of `sessionAffinity`. A clusterIP of a wrong type is read, to be refused; nothing else of
/// such a Service is needed.
pub fn is_none_of_our_business(payload: &[u8]) -> bool {
    is_of_core_service(payload)
        && !any_pair(payload, [*b"No", *b"/a", *b"IP", UNICODE_ESCAPE], &|at| matters(payload, at))
        && (payload.ends_with(br#","settings":{}}"#)
            || settings_of(payload).is_some_and(|settings| Settings::from_json(settings).is_ok()))
}

/// The settings, which stand last: where the bytes are those of something else, more closes behind it than the payload.
fn settings_of(payload: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(payload).ok()?.strip_suffix('}')?;
    text.rsplit_once(r#","settings":"#).map(|(_, settings)| settings)
}

/// Whether what begins at a place in the payload may make the Service one that is looked at.
fn matters(payload: &[u8], at: usize) -> bool {
    let Some((before, rest)) = payload.split_at_checked(at) else { return true };
    match rest {
        [b'\\', b'u', ..] => true,
        [b'/', ..] => rest.starts_with(b"/actions."),
        [b'I', ..] => {
            let is_address = rest.starts_with(b"IP\":\"") || rest.starts_with(b"IPs\":[\"");
            before.ends_with(b"\"cluster") && !is_address
        }
        [b'N', b'o', b'n', b'e', after @ ..] => {
            !after.starts_with(b"\"") || !before.ends_with(b"\"sessionAffinity\":\"")
        }
        _ => rest.starts_with(b"NodePort") && before.ends_with(b"without"),
    }
}

/// Whether the payload begins with a request for a core Service, as a host writes it: the keys of its maps are sorted
/// (policy-evaluator), or in the order of the AdmissionRequest.
fn is_of_core_service(payload: &[u8]) -> bool {
    starts_with(payload, br#"{"request":{"dryRun":false,"kind":{"group":"","kind":"Service","version":"v1"},"#)
        || starts_with(payload, br#"{"request":{"kind":{"group":"","kind":"Service","version":"v1"},"#)
        || payload.split_at_checked(UID.len()).is_some_and(|(uid, rest)| {
            starts_with(uid, br#"{"request":{"uid":""#)
                && starts_with(rest, br#"","kind":{"group":"","version":"v1","kind":"Service"},"#)
        })
}

/// What stands before the kind in the order of the AdmissionRequest, with any UUID.
const UID: &str = r#"{"request":{"uid":"00000000-0000-0000-0000-000000000000"#;

#[cfg(test)]
mod tests {
    use super::*;

    const SORTED: &str = r#"{"request":{"dryRun":false,"kind":{"group":"","kind":"Service","version":"v1"},"#;
    const IN_ORDER: &str = r#"{"request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","kind":{"group":"","version":"v1","kind":"Service"},"#;

    #[track_caller]
    fn check(rest: &str, expected: bool) {
        for start in [SORTED, IN_ORDER, &SORTED.replace(r#""dryRun":false,"#, "")] {
            let payload = format!("{start}{rest}");
            assert_eq!(is_none_of_our_business(payload.as_bytes()), expected, "{payload}");
        }
    }

    #[test]
    fn only_what_may_be_headless_or_forward_is_read() {
        check(r#""object":{"spec":{"clusterIP":"10.0.0.1","sessionAffinity":"None"}}},"settings":{}}"#, true);
        check(r#""object":{"spec":{"type":"NodePort"}}},"settings":{"services":"headless"}}"#, true);
        check(r#""object":{"metadata":{"annotations":{"a/actions":"\\\"None of it\\\""}}}},"settings":{}}"#, false);
        check(r#""object":{"metadata":{"annotations":{"a/alb":"\"No"}}}},"settings":{}}"#, true);
        check(r#""object":{"spec":{"clusterIP":"None"}}},"settings":{}}"#, false);
        check(r#""object":{"spec":{"clusterIP":"\u004eone"}}},"settings":{}}"#, false);
        check(r#""object":{"spec":{"clusterIPs":["None"],"sessionAffinity":"None"}}},"settings":{}}"#, false);
        check(r#""object":{},"oldObject":{"spec":{"clusterIP":"None"}}},"settings":{}}"#, false);
        check(r#""object":{"spec":{"sessionAffinity": "None"}}},"settings":{}}"#, false);
        check(r#""object":{"metadata":{"annotations":{"s.b.k.io\/actions.TCP-80":""}}}},"settings":{}}"#, false);
        check(r#""object":{}},"settings":{"services":"withoutNodePort"}}"#, false);
        check(r#""object":{"spec":{"clusterIP":10}}},"settings":{}}"#, false);
        check(r#""object":{"spec":{"clusterIPs":"10.0.0.1"}}},"settings":{}}"#, false);
        check(r#""object":{"spec":{"clusterIPs":["10.0.0.1"],"loadBalancerIP":""}}},"settings":{}}"#, true);
    }

    #[test]
    fn invalid_settings_are_read() {
        check(r#""object":{}},"settings":{"mode":"mutate"}}"#, true);
        check(r#""object":{}},"settings":{"mode":"enforce"}}"#, false);
        check(r#""object":{}},"settings":{"a":{},"settings":{}}}"#, false);
        check(r#""object":{"a":1,"settings":{}}}}"#, false);
        check(r#""object":{}}}"#, false);
    }

    #[test]
    fn other_kinds_are_read() {
        for kind in [
            r#"{"group":"serving.knative.dev","kind":"Service","version":"v1"}"#,
            r#"{"group":"networking.k8s.io","kind":"Ingress","version":"v1"}"#,
        ] {
            let payload = format!(r#"{{"request":{{"dryRun":false,"kind":{kind},"object":{{}}}},"settings":{{}}}}"#);
            assert!(!is_none_of_our_business(payload.as_bytes()), "{payload}");
        }
        let named = r#"{"request":{"name":"a","kind":{"group":"","kind":"Service","version":"v1"},"object":{}}}"#;
        assert!(!is_none_of_our_business(named.as_bytes()));
        assert!(!is_none_of_our_business(b""));
    }
}
