#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::scan::every_format_takes_every_log(data));
