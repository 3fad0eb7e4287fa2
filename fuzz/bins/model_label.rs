#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::model::labels_are_canonical(data));
