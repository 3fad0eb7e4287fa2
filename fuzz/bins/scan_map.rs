#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::scan::columns_and_paths_hold_what_is_said(data));
