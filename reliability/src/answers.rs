//! What holds for every answer, whatever was asked.

use aws_headless_service_policy::report::Answer;
use serde_json::Value;

/// Longest message, in characters.
const MAX_MESSAGE: usize = 700;

/// Longest warning, in bytes, that the API server passes on whole.
const MAX_WARNING: usize = 256;

/// Every way in which an answer is not fit for a host or for people; none if it is.
#[must_use]
pub fn problems_of(answer: &Answer) -> Vec<String> {
    let mut problems = Vec::new();
    match serde_json::from_slice::<Value>(&answer.response) {
        Ok(response) => problems_of_response(&response, &mut problems),
        Err(error) => problems.push(format!("the response is no JSON: {error}")),
    }
    if let Some(line) = &answer.log {
        match serde_json::from_slice::<Value>(line) {
            Ok(line) => check_texts("the log line", &line, &mut problems),
            Err(error) => problems.push(format!("the log line is no JSON: {error}")),
        }
    }
    problems
}

/// The same for the response alone, as an engine hands it over.
pub fn problems_of_response(response: &Value, problems: &mut Vec<String>) {
    let mutated = response.get("mutated_object").is_some_and(|object| !object.is_null());
    let message = response.get("message").and_then(Value::as_str);
    let code = response.get("code").and_then(Value::as_u64);
    match response.get("accepted").and_then(Value::as_bool) {
        Some(true) if message.is_some() || code.is_some() => problems.push("a refusal that is accepted".to_owned()),
        Some(true) => {}
        Some(false) if mutated => problems.push("a refusal that changes the object".to_owned()),
        Some(false) if !matches!(code, Some(400 | 403 | 500)) => problems.push(format!("the code {code:?}")),
        Some(false) if message.is_none_or(str::is_empty) => problems.push("a refusal without a message".to_owned()),
        Some(false) => {}
        None => problems.push("neither accepted nor refused".to_owned()),
    }
    let length = message.map_or(0, |message| message.chars().count());
    if length > MAX_MESSAGE {
        problems.push(format!("a message of {length} characters"));
    }
    for warning in response.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        let length = warning.as_str().unwrap_or_default().len();
        if length == 0 || length > MAX_WARNING {
            problems.push(format!("a warning of {length} bytes: {warning}"));
        }
    }
    for field in ["message", "warnings", "audit_annotations"] {
        check_texts(field, response.get(field).unwrap_or(&Value::Null), problems);
    }
}

/// No text may have anything in it that a terminal or a log reader would act on, or that hides what follows.
fn check_texts(place: &str, value: &Value, problems: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().any(is_harmful) => problems.push(format!("{place}: {text:?}")),
        Value::Array(items) => items.iter().for_each(|item| check_texts(place, item, problems)),
        Value::Object(fields) => {
            for (key, field) in fields {
                check_texts(place, &Value::from(key.as_str()), problems);
                check_texts(place, field, problems);
            }
        }
        _ => {}
    }
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(response: Value, expected: &[&str]) {
        let answer = Answer { response: response.to_string().into_bytes(), log: None };
        assert_eq!(problems_of(&answer), expected);
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_told() {
        check(json!({"accepted": true, "mutated_object": {"a": "\u{1b}"}, "warnings": ["fine"]}), &[]);
        check(json!({"accepted": false, "code": 403, "message": "no"}), &[]);
        check(json!({}), &["neither accepted nor refused"]);
        check(json!({"accepted": true, "code": 403}), &["a refusal that is accepted"]);
        check(json!({"accepted": false, "code": 200, "message": "no"}), &["the code Some(200)"]);
        check(json!({"accepted": false, "code": 500, "message": ""}), &["a refusal without a message"]);
        check(json!({"accepted": false, "code": 500, "message": "x".repeat(701)}), &["a message of 701 characters"]);
        check(json!({"accepted": true, "warnings": [""]}), &["a warning of 0 bytes: \"\""]);
        check(json!({"accepted": true, "warnings": ["a\u{202e}b"]}), &["warnings: \"a\\u{202e}b\""]);
        check(json!({"accepted": true, "audit_annotations": {"a\n": "b"}}), &["audit_annotations: \"a\\n\""]);
        let changed = json!({"accepted": false, "code": 403, "message": "no", "mutated_object": {}});
        check(changed, &["a refusal that changes the object"]);
    }

    #[test]
    fn the_log_line_is_looked_at_too() {
        let answer = |log: &str| Answer { response: br#"{"accepted":true}"#.to_vec(), log: Some(log.into()) };
        assert_eq!(problems_of(&answer(r#"{"message":"a"}"#)), Vec::<String>::new());
        assert_eq!(problems_of(&answer(r#"{"message":"\u001b[31m"}"#)), ["the log line: \"\\u{1b}[31m\""]);
        assert!(problems_of(&answer("{")).iter().any(|problem| problem.starts_with("the log line is no JSON")));
    }
}
