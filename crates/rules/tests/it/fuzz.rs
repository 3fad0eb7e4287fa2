//! The fuzz targets of this crate, replayed with their seeds.

#[path = "../../../../fuzz/src/seeds.rs"]
mod seeds;
#[path = "../../../../fuzz/src/rules.rs"]
mod targets;

#[test]
fn seeds_keep_what_the_targets_promise() {
    seeds::keep_what_is_promised(targets::TARGETS);
}
