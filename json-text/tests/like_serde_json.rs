//! Of what is read, what serde_json takes is taken here, to the same effect, and nothing else.

#![cfg(test)]

use json_text::{JsonError, MapWriter, RawMap, Reader, string, value};
use serde_json::Value;
use serde_json::value::RawValue;

/// Texts that are changed at random: every kind of value, and what is hard about each.
const SEEDS: [&str; 12] = [
    r#"{"metadata":{"annotations":{"a/b":"c \" \\ \/ \b\f\n\r\t \u0041 \ud83d\ude00 ä 😀"},"name":"cart"},"spec":{"ports":[{"port":80}]}}"#,
    r#" [ 1 , -0 , 0.5 , -1.25e+10 , 1E5 , 12345678901234567890 , true , false , null , "" , [ ] , { } ] "#,
    r#"{"a":[[[[]]],{"b":{"c":[{},[]]}}],"a":1,"":""}"#,
    r#""eight by" "#,
    r#""exactly sixteen!""#,
    r#""\ud800\udc00""#,
    "\"\u{7f}\u{80}\u{2028}\u{fffd}\"",
    "-0.0e-0",
    "10",
    "true",
    "null",
    "{\n\t\"a\" : \"b\" ,\r\n \"c\" : [ 1 ] }",
];

/// What is put in: bytes that mean something to JSON, and some that do not.
const PIECES: [&str; 40] = [
    "\"", "\\", "\\u", "\\ud8", "\\udc00", "{", "}", "[", "]", ",", ":", "0", "1", "-", "+", ".", "e", "E", "t",
    "true", "f", "n", "null", " ", "\n", "\t", "\u{b}", "\u{c}", "\0", "\u{1f}", "/", "a", "ä", "😀", "\u{a0}",
    "\u{feff}", "\"\"", "[]", "{}", "\"a\":",
];

/// A small generator (xorshift), so that every run asks the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn changed(seed: &str, random: &mut Random) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        let piece = PIECES[random.below(PIECES.len())].chars();
        match random.below(4) {
            0 => text.truncate(at),
            1 if at < text.len() => drop(text.remove(at)),
            2 if at < text.len() => drop(text.splice(at..=at, piece)),
            _ => drop(text.splice(at..at, piece)),
        }
    }
    text.into_iter().collect()
}

#[track_caller]
fn compare(text: &str) -> bool {
    let theirs = serde_json::from_str::<&RawValue>(text).map(RawValue::get).ok();
    assert_eq!(value(text).ok(), theirs, "{text:?}");
    assert_eq!(string(text).ok().as_deref(), serde_json::from_str::<String>(text).ok().as_deref(), "{text:?}");
    // What is wrong further inside is found by both, and half characters in what is read alone.
    if let Ok(Value::Object(map)) = serde_json::from_str(text) {
        let ours = RawMap::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let rendered: Value = serde_json::from_str(&ours.render()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(rendered, Value::Object(map), "{text:?}");
    }
    // What nobody wants is passed over, and need be no JSON.
    if theirs.is_some() {
        assert_eq!(passed_over(text), Ok(text.trim()), "{text:?}");
    }
    theirs.is_some()
}

fn passed_over(text: &str) -> Result<&str, JsonError> {
    let mut reader = Reader::new(text);
    let start = reader.clone();
    reader.skip()?;
    Ok(reader.since(&start))
}

#[test]
fn changed_texts_are_judged_alike() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut taken = 0;
    for seed in SEEDS {
        assert!(compare(seed), "{seed:?}");
        for _ in 0..20_000 {
            taken += usize::from(compare(&changed(seed, &mut random)));
        }
    }
    // Both answers are common, or little was shown.
    assert!((20_000..200_000).contains(&taken), "{taken} of 240000");
}

/// The end and the escapes of a string, at every place in the blocks that are read at once.
#[test]
fn strings_of_every_length() {
    for length in 0..40 {
        for special in ["", "\\n", "\\u00e4", "\"", "\n", "\\", "\u{1f}", " ", "ä"] {
            for at in 0..=length {
                let (before, after) = ("x".repeat(at), "y".repeat(length - at));
                compare(&format!("\"{before}{special}{after}\""));
            }
        }
    }
}

/// Quotes, brackets and escapes, at every place in the blocks that are read at once, and their ends with anything behind.
#[test]
fn what_is_passed_over_ends_where_it_does() {
    for length in 0..40 {
        for special in ["", "[", "}", "\\\"", "\\\\", "\\\\\\\"", "\\u005d", "\",\"", "\":{},\"", "ä]"] {
            for at in 0..=length {
                let (before, after) = ("x".repeat(at), "y".repeat(length - at));
                for map in [
                    format!("{{\"{before}{special}{after}\":1}}"),
                    format!("{{\"a\":[[\"{before}{special}\"],\"{after}\"]}}"),
                ] {
                    for behind in ["", "]", "}", ",\"", "\\", "],[[[[[[[[[[[[[[[[[[[["] {
                        assert_eq!(passed_over(&format!("{map}{behind}")), Ok(&*map));
                    }
                    for end in 1..map.len() {
                        let Some(start) = map.get(..end) else { continue };
                        assert_eq!(passed_over(start).map_err(|error| error.at), Err(end), "{start:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn containers_are_as_deep_as_in_serde_json() {
    for depth in 120..140 {
        for text in [format!("{}{}", "[".repeat(depth), "]".repeat(depth)), "[{\"a\":".repeat(depth)] {
            let ours = value(&text).is_ok();
            assert_eq!(ours, serde_json::from_str::<Value>(&text).is_ok(), "{depth}");
            // Looked at at the end of each block, of which one ends right behind the first bracket too many here.
            assert_eq!(ours, passed_over(&text).is_ok(), "{depth}");
        }
    }
    for read in [value, passed_over] {
        assert_eq!(read(&"[".repeat(10_000_000)).map_err(|error| error.reason), Err("nested too deeply"));
    }
}

#[test]
fn what_is_written_is_read_again() {
    for c in (0..=0x2100).chain(0xd7f0..0xe010).chain(0x1_f5f0..0x1_f610).filter_map(char::from_u32) {
        for text in [format!("{c}"), format!("{c}exactly {c} sixteen{c}")] {
            let mut map = MapWriter::with_capacity(0);
            map.string("text", &text);
            map.strings("list", &[&text, ""]);
            map.map("map", |inner| inner.raw("raw", "[1.50]"));
            let expected = serde_json::json!({"text": text, "list": [text, ""], "map": {"raw": [1.5]}});
            assert_eq!(serde_json::from_slice::<Value>(&map.end()).expect("JSON"), expected);
        }
    }
    assert_eq!(MapWriter::with_capacity(0).end(), b"{}");
}
