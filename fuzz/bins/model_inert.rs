#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::model::inert_text_is_inert(data));
