#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::strictjson::canonical_is_stable(data));
