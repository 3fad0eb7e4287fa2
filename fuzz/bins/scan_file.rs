#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::scan::a_file_is_taken_or_refused(data));
