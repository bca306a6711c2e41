//! Inputs for the fuzzer's targets, made from the cases.

use e2e_tests::cases::Case;
use e2e_tests::engine::{Core, Engine};
use reliability::inputs::{ERROR, SEPARATOR, Target};
use serde_json::Value;

/// What a case is as an input of a target.
pub fn seeds(target: Target, case: &Case) -> Vec<Vec<u8>> {
    match target {
        Target::Request | Target::Json => vec![case.payload.clone()],
        Target::Settings => vec![Value::Object(case.settings.clone()).to_string().into_bytes()],
        Target::Actions => actions_of(case),
        Target::Host => vec![with_answers(case)],
    }
}

fn actions_of(case: &Case) -> Vec<Vec<u8>> {
    let admitted = case.request.iter().filter_map(|request| request.get("object"));
    let annotations =
        admitted.chain(case.cluster.objects()).filter_map(|object| object.pointer("/metadata/annotations"));
    let actions = annotations.filter_map(Value::as_object).flatten().filter(|(key, _)| key.contains("/actions."));
    actions.filter_map(|(_, action)| action.as_str()).map(|action| action.as_bytes().to_vec()).collect()
}

/// The payload with what the host answers to each lookup of the case.
fn with_answers(case: &Case) -> Vec<u8> {
    let mut seed = case.payload.clone();
    for exchange in Core.run(&case.payload, &case.cluster).map(|observed| observed.exchanges).unwrap_or_default() {
        seed.push(SEPARATOR);
        match exchange.response {
            Ok(json) => seed.extend(json.bytes()),
            Err(text) => seed.extend([&[ERROR], text.as_bytes()].concat()),
        }
    }
    seed
}
