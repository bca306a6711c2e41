//! Writes inputs for the fuzzer, made from the cases, below the folder that is given, and with them a dictionary of the words
//! that the cases have: `cargo run --package reliability --example write-seeds -- fuzz/corpus`.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use e2e_tests::cases;
use reliability::inputs::Target;
use seeds::seeds;
use serde_json::Value;

#[path = "../tests/seeds/mod.rs"]
mod seeds;

/// A larger seed makes the fuzzer slow and shows nothing that a smaller one does not.
const MAX_SEED: usize = 16_384;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args().nth(1).ok_or("the folder of the seeds is missing")?;
    let folder = Path::new(&folder);
    let cases = cases::all().map_err(ToString::to_string)?;
    let mut words = BTreeSet::new();
    for target in Target::ALL {
        let seeds: BTreeSet<Vec<u8>> =
            cases.iter().flat_map(|case| seeds(target, case)).filter(|seed| seed.len() <= MAX_SEED).collect();
        let folder = folder.join(target.name());
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed)?;
        }
        println!("{}: {} seeds", target.name(), seeds.len());
    }
    for case in cases {
        words_of(case.request.as_ref().unwrap_or(&Value::Null), &mut words);
        case.cluster.objects().for_each(|object| words_of(object, &mut words));
    }
    let lines: Vec<String> = words.iter().map(|word| format!("{}\n", entry(word))).collect();
    fs::write(folder.join("words.dict"), lines.concat())?;
    Ok(())
}

/// Keys, and short strings: what a mutation has to get right before anything is looked at.
fn words_of(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if (2..=64).contains(&text.len()) => {
            words.insert(format!("\"{text}\""));
        }
        Value::Array(items) => items.iter().for_each(|item| words_of(item, words)),
        Value::Object(fields) => {
            for (key, field) in fields {
                words.insert(format!("\"{key}\":"));
                words_of(field, words);
            }
        }
        _ => {}
    }
}

/// A line of a dictionary of libFuzzer.
fn entry(word: &str) -> String {
    let escaped: String = word
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02X}"),
        })
        .collect();
    format!("\"{escaped}\"")
}
