#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::shield::columns_find_what_a_split_finds(data));
