#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::model::normal_forms_are_stable(data));
