#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::model::values_match_themselves(data));
