#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::scan::what_is_known_is_taken_or_refused(data));
