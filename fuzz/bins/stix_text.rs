#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stix::small_texts(data));
