#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::shield::files_are_taken_whole_or_not_at_all(data));
