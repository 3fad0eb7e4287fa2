#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stix::objects_are_judged(data));
