//! The target `json`: see `reliability/src/inputs.rs`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reliability::inputs::Target;

fuzz_target!(|input: &[u8]| {
    if let Err(problems) = Target::Json.run(input) {
        panic!("{}", problems.join("; "));
    }
});
