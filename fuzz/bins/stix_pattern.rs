#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stix::patterns_are_written_back(data));
