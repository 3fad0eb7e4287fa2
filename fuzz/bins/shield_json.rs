#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::shield::lines_of_json_never_harm(data));
