//! The node, driven through its verbs, with the real store in folders that go away.

#[cfg(test)]
mod assets;
#[cfg(test)]
mod circle_histories;
#[cfg(test)]
mod circle_labels;
#[cfg(test)]
mod circle_openings;
#[cfg(test)]
mod circle_policy;
#[cfg(test)]
mod circle_preview;
#[cfg(test)]
mod circle_recall;
#[cfg(test)]
mod circle_rules;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod disclose;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod keep_audit;
#[cfg(test)]
mod keep_backup;
#[cfg(test)]
mod keep_charters;
#[cfg(test)]
mod keep_erase;
#[cfg(test)]
mod keep_erase_subject;
#[cfg(test)]
mod keep_quarantine;
#[cfg(test)]
mod keep_reads;
#[cfg(test)]
mod keep_rebuild;
#[cfg(test)]
mod keep_retention;
#[cfg(test)]
mod keep_withdraw;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod observe;
#[cfg(test)]
mod protect_feeds;
#[cfg(test)]
mod protect_pieces;
#[cfg(test)]
mod protect_sharing;
#[cfg(test)]
mod protect_stream;
#[cfg(test)]
mod protect_verdicts;
#[cfg(test)]
mod protect_why;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod read_claims;
#[cfg(test)]
mod read_cursors;
#[cfg(test)]
mod read_exports;
#[cfg(test)]
mod read_finding;
#[cfg(test)]
mod read_hidden;
#[cfg(test)]
mod read_lists;
#[cfg(test)]
mod read_measure;
#[cfg(test)]
mod read_times;
#[cfg(test)]
mod read_while_writing;
#[cfg(test)]
mod read_who;
#[cfg(test)]
mod read_world;
#[cfg(test)]
mod recall_whole;
#[cfg(test)]
mod shared_rules;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod write_corpus;
#[cfg(test)]
mod write_directory;
#[cfg(test)]
mod write_gate;
#[cfg(test)]
mod write_import;
#[cfg(test)]
mod write_import_places;
#[cfg(test)]
mod write_oracles;
#[cfg(test)]
mod write_own_exports;
#[cfg(test)]
mod write_parts;
#[cfg(test)]
mod write_share;
#[cfg(test)]
mod write_submit;
#[cfg(test)]
mod write_world;
