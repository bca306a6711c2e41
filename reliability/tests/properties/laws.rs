//! The properties, on the native core.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Result, Unstructured};
use aws_headless_service_policy::decide::{Outcome, Reach};
use aws_headless_service_policy::report::Answer;
use reliability::answers::problems_of;
use reliability::clusters::RandomCluster;
use serde_json::{Map, Value, json};
use test_kit::in_memory_cluster::ObjectKey;

use crate::judged::{Pair, Request, answer, evaluate_in, fixed, is_invalid, is_refused, key, pairs};
use crate::{FEWER_RUNS, check, check_often};

const MODES: [&str; 3] = ["reject", "mutate", "warn"];

/// A cluster, and one of its objects that the policy is asked about.
pub fn cluster_and_object(random: &mut Unstructured<'_>) -> Result<(RandomCluster, Value)> {
    let cluster = RandomCluster::arbitrary(random)?;
    let object = cluster.one_of_admitted(random)?.clone();
    Ok((cluster, object))
}

/// What a failure shows.
fn shown(cluster: &RandomCluster, object: &Value) -> String {
    let settings = Value::Object(cluster.settings.clone());
    let objects: Vec<String> = cluster.objects.iter().map(ToString::to_string).collect();
    format!("\nadmitted: {object}\nsettings: {settings}\ncluster:\n{}\n", objects.join("\n"))
}

/// The generator makes what it is for: clusters in which everything occurs.
#[test]
fn every_rule_and_every_way_to_serve_occurs() {
    let seen = std::cell::RefCell::new(BTreeMap::<String, usize>::new());
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        for mode in MODES {
            let evaluation = Request::create(&cluster, mode, &object).evaluate();
            let mut seen = seen.borrow_mut();
            for finding in &evaluation.findings {
                *seen.entry(format!("{} of {:?}", finding.problem.id(), finding.exposer.kind)).or_default() += 1;
                *seen.entry(finding.remedy.name().to_owned()).or_default() += 1;
            }
            *seen.entry(answer(&evaluation)["code"].to_string()).or_default() += 1;
            *seen.entry(format!("mutated: {}", fixed(&evaluation).is_some())).or_default() += 1;
            *seen.entry(format!("findings: {}", evaluation.findings.len())).or_default() += 1;
        }
        Ok(())
    });
    let seen = seen.into_inner();
    if std::env::var_os("ARBTEST_SEED").is_some() {
        return;
    }
    let is_seen = |expected: &&str| seen.keys().any(|key| key.contains(*expected));
    let missing: Vec<&str> = EXPECTED.iter().copied().filter(|expected| !is_seen(expected)).collect();
    assert!(missing.is_empty(), "{missing:?} is not in {seen:#?}");
}

/// What must be among the answers to a thousand random clusters.
const EXPECTED: [&str; 20] = [
    "headless-instance-mode of Service",
    "headless-instance-mode of Ingress",
    "headless-instance-mode of TargetGroupBinding(Standard)",
    "headless-instance-mode of TargetGroupBinding(AutoMode)",
    "headless-instance-mode of Route(Http)",
    "headless-instance-mode of Route(Tcp)",
    "instance-mode-without-node-port of",
    "invalid-target-type of",
    "missing-service of",
    "403",
    "mutated: true",
    "findings: 0",
    "findings: 1",
    "findings: 2",
    "fix",
    "annotateService",
    "splitLoadBalancer",
    "changeClassParams",
    "configureService",
    "changeConfiguration",
];

#[test]
fn every_answer_is_fit_for_a_host_and_for_people() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        for mode in MODES {
            let evaluation = Request::create(&cluster, mode, &object).evaluate();
            let problems = problems_of(&Answer::of(&evaluation));
            assert!(problems.is_empty(), "{problems:?}{}", shown(&cluster, &object));
        }
        Ok(())
    });
}

/// Also fixing is idempotent: what is fixed is not changed again.
#[test]
fn a_fixed_object_has_no_finding() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        let Some(fixed) = fixed(&Request::create(&cluster, "mutate", &object).evaluate()) else { return Ok(()) };
        let again = Request::create(&cluster, "mutate", &fixed).evaluate();
        let left: Vec<Pair> = pairs(&again).into_iter().filter(|pair| pair.rule != "missing-service").collect();
        assert!(left.is_empty(), "{left:?} in {fixed}{}", shown(&cluster, &object));
        assert_eq!(again.outcome, Outcome::Accept, "{fixed}{}", shown(&cluster, &object));
        Ok(())
    });
}

/// A Service that instance mode serves is asked about by making it headless: it is a finding where it was in instance mode.
#[test]
fn no_other_backend_that_worked_changes_its_target_type() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        let Some(fixed) = fixed(&Request::create(&cluster, "mutate", &object).evaluate()) else { return Ok(()) };
        assert!(!works_in_instance_mode(&object), "a Service that works was changed{}", shown(&cluster, &object));
        for service in cluster.objects.iter().filter(|service| works_in_instance_mode(service)) {
            let mut twin = cluster.clone();
            twin.put(made_headless(service));
            let of_service = |object: &Value| -> BTreeSet<Pair> {
                let pairs = Request::create(&twin, "warn", object).pairs().into_iter();
                pairs.filter(|pair| pair.service == key(service) && pair.rule == "headless-instance-mode").collect()
            };
            let (before, after) = (of_service(&object), of_service(&fixed));
            assert_eq!(before, after, "{service} is moved by {fixed}{}", shown(&cluster, &object));
        }
        Ok(())
    });
}

fn text<'o>(object: &'o Value, pointer: &str) -> &'o str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether every port of a Service has a node port.
fn works_in_instance_mode(object: &Value) -> bool {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    object["kind"] == "Service" && !ports.is_empty() && ports.iter().all(|port| port.get("nodePort").is_some())
}

fn made_headless(service: &Value) -> Value {
    let mut service = service.clone();
    let spec = service["spec"].as_object_mut().expect("a specification");
    spec.insert("type".to_owned(), json!("ClusterIP"));
    spec.insert("clusterIP".to_owned(), json!("None"));
    spec.remove("allocateLoadBalancerNodePorts");
    service
}

/// Finalizers, labels, the status, annotations that nobody reads: controllers write these all day.
#[test]
fn an_update_that_changes_nothing_that_decides_is_never_refused() {
    check(|random| {
        let (mut cluster, object) = cluster_and_object(random)?;
        if random.ratio(1, 2)? {
            cluster.settings.insert("missingService".to_owned(), json!("reject"));
        }
        let mut new = object.clone();
        new["metadata"]["finalizers"] = json!(["example.com/finalizer"]);
        new["metadata"]["resourceVersion"] = json!("2");
        new["metadata"]["generation"] = json!(2);
        new["metadata"]["managedFields"] = json!([{"manager": "controller", "operation": "Update", "fieldsV1": {}}]);
        if let Some(annotations) = new["metadata"].get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.insert("example.com/note".to_owned(), json!("x"));
        }
        new["status"] = json!({"loadBalancer": {"ingress": [{"hostname": "shop.example.com"}]}});
        for mode in MODES {
            let request = Request { cluster: &cluster, mode, object: &new, old_object: Some(&object) };
            let evaluation = request.evaluate();
            let is_refused = matches!(evaluation.outcome, Outcome::Reject(_));
            assert!(!is_refused, "{mode}: {}{}", answer(&evaluation), shown(&cluster, &object));
        }
        Ok(())
    });
}

#[test]
fn without_a_headless_service_nothing_is_touched() {
    check(|random| {
        let (mut cluster, mut object) = cluster_and_object(random)?;
        cluster.settings.insert("services".to_owned(), json!("headless"));
        cluster.settings.insert("missingService".to_owned(), json!("allow"));
        let with_address = |object: &mut Value| {
            if object.pointer("/spec/clusterIP") == Some(&json!("None")) {
                object["spec"]["clusterIP"] = json!("10.100.0.9");
                object["spec"]["clusterIPs"] = json!(["10.100.0.9"]);
            }
        };
        cluster.objects.iter_mut().for_each(with_address);
        with_address(&mut object);
        for mode in MODES {
            let evaluation = Request::create(&cluster, mode, &object).evaluate();
            let answer = answer(&evaluation);
            let is_silent = answer == json!({"accepted": true}) || is_invalid(&evaluation);
            assert!(is_silent, "{mode}: {answer}{}", shown(&cluster, &object));
        }
        Ok(())
    });
}

#[test]
fn the_order_of_the_cluster_and_of_keys_changes_nothing() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        let mut other = cluster.clone();
        other.objects = shuffled(random, &cluster.objects)?.iter().map(with_keys_reversed).collect();
        let reversed = with_keys_reversed(&object);
        for mode in MODES {
            let first = Request::create(&cluster, mode, &object).evaluate();
            let second = Request::create(&other, mode, &reversed).evaluate();
            assert_eq!(answer(&first), answer(&second), "{mode}{}", shown(&cluster, &object));
            assert_eq!(pairs(&first), pairs(&second), "{mode}{}", shown(&cluster, &object));
        }
        Ok(())
    });
}

fn shuffled<T: Clone>(random: &mut Unstructured<'_>, items: &[T]) -> Result<Vec<T>> {
    let mut left = items.to_vec();
    let mut shuffled = Vec::new();
    while !left.is_empty() {
        shuffled.push(left.swap_remove(random.choose_index(left.len())?));
    }
    Ok(shuffled)
}

fn with_keys_reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().rev().map(|(key, value)| (key.clone(), with_keys_reversed(value))).collect())
        }
        Value::Array(items) => items.iter().map(with_keys_reversed).collect(),
        other => other.clone(),
    }
}

#[test]
fn unknown_fields_survive_and_change_nothing() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        let mut other = cluster.clone();
        other.objects = cluster.objects.iter().map(with_unknown_fields).collect();
        let planted = with_unknown_fields(&object);
        for mode in MODES {
            let plain = Request::create(&cluster, mode, &object).evaluate();
            let of_planted = Request::create(&other, mode, &planted).evaluate();
            assert_eq!(pairs(&plain), pairs(&of_planted), "{mode}{}", shown(&cluster, &object));
            let mut expected = answer(&plain);
            if let Some(fixed) = fixed(&plain) {
                expected["mutated_object"] = with_unknown_fields(&fixed);
            }
            assert_eq!(expected, answer(&of_planted), "{mode}{}", shown(&cluster, &object));
        }
        Ok(())
    });
}

/// Maps from texts to texts have no unknown fields.
const MAPS: [&str; 5] = ["annotations", "labels", "matchLabels", "selector", "nodeSelector"];

fn with_unknown_fields(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let plant = |(key, value): (&String, &Value)| {
                let is_map = MAPS.contains(&key.as_str());
                (key.clone(), if is_map { value.clone() } else { with_unknown_fields(value) })
            };
            let mut planted: Map<String, Value> = fields.iter().map(plant).collect();
            planted.insert("unknownField".to_owned(), json!({"deep": [1, null, "cart"]}));
            Value::Object(planted)
        }
        Value::Array(items) => items.iter().map(with_unknown_fields).collect(),
        other => other.clone(),
    }
}

/// The request for the object that serves and the request for the Service say the same of the two.
///
/// Some pairs are left out (`is_told_by_the_exposer_alone`), and so are Services that do not exist: they have no request.
#[test]
fn a_pair_is_the_same_from_either_end() {
    check_often(FEWER_RUNS, |random| {
        let (cluster, _) = cluster_and_object(random)?;
        let mut from_service = BTreeSet::new();
        let mut from_exposer = BTreeSet::new();
        for object in cluster.admitted().filter(|object| ENDS.contains(&text(object, "/kind"))) {
            let pairs = Request::create(&cluster, "warn", object).pairs();
            for pair in pairs.into_iter().filter(|pair| pair.rule != "missing-service") {
                if pair.service == key(object) {
                    from_service.insert(pair.clone());
                }
                if pair.exposer == key(object) {
                    from_exposer.insert(pair);
                }
            }
        }
        let differing: Vec<&Pair> = from_service
            .symmetric_difference(&from_exposer)
            .filter(|pair| from_service.contains(pair) || !is_told_by_the_exposer_alone(&cluster, pair))
            .collect();
        assert!(differing.is_empty(), "{differing:?}{}", shown(&cluster, &Value::Null));
        Ok(())
    });
}

/// The kinds that are an end of a pair.
const ENDS: [&str; 8] =
    ["Service", "Ingress", "TargetGroupBinding", "HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute", "TLSRoute"];

/// Whether a pair is a finding of the request for what serves, and none of the request for the Service.
///
/// - The Service is being deleted: nothing is said about it any more.
/// - The Service has no ports: the controller looks for the port before it looks for a node port, and only a
///   TargetGroupBinding can be told that the Service would not help even with that port.
/// - An NLB Service without node ports fails by itself, whatever it forwards to.
fn is_told_by_the_exposer_alone(cluster: &RandomCluster, pair: &Pair) -> bool {
    let stored = |named: &ObjectKey| cluster.objects.iter().find(|object| key(object) == *named);
    let Some(service) = stored(&pair.service) else { return false };
    let is_deleted = service.pointer("/metadata/deletionTimestamp").is_some();
    let has_no_ports = service.pointer("/spec/ports").is_none();
    let fails_by_itself = pair.exposer.kind == "Service"
        && pair.exposer != pair.service
        && stored(&pair.exposer).is_some_and(|base| matches!(text(base, "/spec/type"), "ClusterIP" | "ExternalName"));
    is_deleted || has_no_ports || fails_by_itself
}

/// In mode `reject` a request is refused if and only if it brings a pair that was not there, or that stops others now.
///
/// A Service that is being deleted is left out: it is judged while somebody still changes what decides, and no more after
/// that, so that its pairs cannot be asked for. What is wrong with a TargetGroupBinding is there before the controller's
/// labels are taken off it, though nobody is told.
#[test]
fn a_request_is_refused_for_what_it_brings_alone() {
    check_often(FEWER_RUNS, |random| {
        let (cluster, old) = cluster_and_object(random)?;
        if old["kind"] == "Service" && old.pointer("/metadata/deletionTimestamp").is_some() {
            return Ok(());
        }
        let new = RandomCluster::another(random, &old)?;
        let request = Request { cluster: &cluster, mode: "reject", object: &new, old_object: Some(&old) };
        let evaluation = request.evaluate();
        let mut unlabelled = old.clone();
        if old["kind"] == "TargetGroupBinding" {
            unlabelled["metadata"].as_object_mut().expect("metadata").remove("labels");
        }
        let (before, after) = (all_pairs(&cluster, &unlabelled), all_pairs(&cluster, &new));
        let is_deciding = |pair: &&Pair| pair.rule != "missing-service";
        let mut stored = cluster.clone();
        stored.put(new.clone());
        let is_for_service_alone = |pair: &Pair| pair.service == key(&new) && pair.exposer != pair.service;
        let is_asked_about = |cluster: &RandomCluster, pair: &Pair| {
            !is_for_service_alone(pair) || !is_told_by_the_exposer_alone(cluster, pair)
        };
        let brought: Vec<&Pair> = after
            .iter()
            .filter(|pair| is_deciding(pair) && is_asked_about(&stored, pair))
            .filter(|pair| {
                let same = |other: &&Pair| other.service == pair.service && other.exposer == pair.exposer;
                let was_asked_about = |other: &&Pair| is_asked_about(&cluster, other);
                let others: Vec<&Pair> =
                    before.iter().filter(is_deciding).filter(same).filter(was_asked_about).collect();
                others.is_empty()
                    || (pair.reach != Reach::Itself && !others.iter().any(|other| other.reach == pair.reach))
            })
            .collect();
        if is_invalid(&evaluation)
            || evaluation.findings.iter().any(|finding| finding.problem.id() == "missing-service")
        {
            return Ok(());
        }
        let answer = answer(&evaluation);
        assert_eq!(
            is_refused(&evaluation),
            !brought.is_empty(),
            "{brought:?}: {answer}\nnew: {new}{}",
            shown(&cluster, &old)
        );
        Ok(())
    });
}

/// Every pair of a cluster in which an object is stored, as the requests of all its Services and what serves them find it.
fn all_pairs(cluster: &RandomCluster, object: &Value) -> BTreeSet<Pair> {
    let mut cluster = cluster.clone();
    cluster.put(object.clone());
    cluster.admitted().flat_map(|object| Request::create(&cluster, "warn", object).pairs()).collect()
}

/// What is wrong in the end was told on the way, whatever order a folder is applied in.
///
/// The folder does not end with the same findings in every order where L4 routes share a port: the oldest one is served,
/// and a route is as old as it is stored. So the end of each order is compared with what that order told. Pairs of which only
/// one end tells (`is_told_by_the_exposer_alone`) are told if that end comes last.
#[test]
fn a_folder_tells_its_findings_in_every_order() {
    check_often(FEWER_RUNS, |random| {
        let (folder, _) = cluster_and_object(random)?;
        let mut stored = RandomCluster { objects: Vec::new(), settings: folder.settings.clone() };
        let (asked, rest): (Vec<Value>, Vec<Value>) =
            folder.objects.iter().cloned().partition(|object| folder.admitted().any(|admitted| admitted == object));
        stored.objects = rest;
        let mut told = BTreeSet::new();
        for (step, mut object) in shuffled(random, &asked)?.into_iter().enumerate() {
            let metadata = object["metadata"].as_object_mut().expect("metadata");
            metadata.remove("creationTimestamp");
            metadata.remove("deletionTimestamp");
            told.extend(Request::create(&stored, "warn", &object).pairs());
            object["metadata"]["creationTimestamp"] = json!(format!("2026-01-01T00:00:{step:02}Z"));
            stored.put(object);
        }
        let mut left = BTreeSet::new();
        for object in stored.admitted() {
            left.extend(Request::create(&stored, "warn", object).pairs());
        }
        let silent: Vec<&Pair> = left
            .difference(&told)
            .filter(|pair| pair.rule != "missing-service" && !is_told_by_the_exposer_alone(&stored, pair))
            .collect();
        assert!(silent.is_empty(), "{silent:?} was never told{}", shown(&stored, &Value::Null));
        Ok(())
    });
}

/// The mode decides what becomes of a finding, and not what a finding is.
#[test]
fn every_mode_has_the_same_findings() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        let [reject, mutate, warn] = MODES.map(|mode| Request::create(&cluster, mode, &object).evaluate());
        if is_invalid(&reject) {
            return Ok(());
        }
        assert_eq!(pairs(&reject), pairs(&warn), "{}", shown(&cluster, &object));
        assert_eq!(pairs(&mutate), pairs(&warn), "{}", shown(&cluster, &object));
        assert!(!matches!(warn.outcome, Outcome::Reject(_) | Outcome::Mutate(_)), "{}", shown(&cluster, &object));
        Ok(())
    });
}

/// The second evaluation of the same request, in a cluster that is asked again, has the same bytes.
#[test]
fn nothing_is_remembered() {
    check(|random| {
        let (cluster, object) = cluster_and_object(random)?;
        let request = Request::create(&cluster, "mutate", &object);
        let (payload, stored) = (request.payload(), request.stored());
        let mut without = stored.clone();
        for other in cluster.objects.iter().filter(|other| other["kind"] == "Service") {
            without.remove(&key(other));
        }
        let first = Answer::of(&evaluate_in(&stored, &payload));
        let _ = evaluate_in(&without, &payload);
        assert_eq!(first, Answer::of(&evaluate_in(&stored, &payload)), "{}", shown(&cluster, &object));
        Ok(())
    });
}
