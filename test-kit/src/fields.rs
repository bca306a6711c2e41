//! Fields that a kind does not have, found by a round trip through its type.
//!
//! Invariant: no kind is known here; the caller names the type.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is wrong with an object of type `T`: that it cannot be one, or the fields that the type does not know.
#[must_use]
pub fn unknown_fields<T: Serialize + DeserializeOwned>(object: &Value) -> Vec<String> {
    let kept = serde_json::from_value::<T>(object.clone()).and_then(serde_json::to_value);
    match kept {
        Err(error) => vec![error.to_string()],
        Ok(kept) => {
            let mut lost = Vec::new();
            collect_lost(object, &kept, "", &mut lost);
            lost
        }
    }
}

/// What a round trip through the type loses is no field of it.
fn collect_lost(given: &Value, kept: &Value, path: &str, lost: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let path = format!("{path}.{key}");
                match kept.get(key) {
                    Some(kept) => collect_lost(value, kept, &path, lost),
                    None => lost.push(format!("unknown field {path}")),
                }
            }
        }
        (Value::Array(given), Value::Array(kept)) => {
            for (index, (value, kept)) in given.iter().zip(kept).enumerate() {
                collect_lost(value, kept, &format!("{path}[{index}]"), lost);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Sample {
        name: String,
        #[serde(default)]
        items: Vec<Item>,
    }

    #[derive(Serialize, Deserialize)]
    struct Item {
        port: u16,
    }

    #[test]
    fn what_the_type_does_not_know_is_found_at_any_depth() {
        assert_eq!(unknown_fields::<Sample>(&json!({"name": "a", "items": [{"port": 1}]})), Vec::<String>::new());
        assert_eq!(
            unknown_fields::<Sample>(
                &json!({"name": "a", "nmae": "b", "none": null, "items": [{"port": 1, "prot": 2}]})
            ),
            ["unknown field .nmae", "unknown field .items[0].prot"]
        );
        assert_eq!(unknown_fields::<Sample>(&json!({"items": []})), ["missing field `name`"]);
    }
}
