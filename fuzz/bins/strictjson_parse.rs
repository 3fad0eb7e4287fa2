#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::strictjson::read_and_written(data));
