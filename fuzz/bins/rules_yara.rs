#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rules::yara_is_read_again(data));
