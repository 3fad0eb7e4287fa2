#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rules::suricata_is_read_again(data));
