#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::strictjson::split_does_not_depend_on_chunks(data));
