//! The resources of TAXII 2.1, and the STIX bundle.

use super::Kind::{Any, Count, Flag, Many, Text, Texts, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::{Field, Others, Shape};

const fn resource(name: &'static str, summary: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, summary, fields, others: Others::Possible }
}

/// The resources of TAXII 2.1 (§3.6, §4, §5), and the STIX bundle.
pub const SHAPES: &[Shape] = &[
    resource(
        "StixObject",
        "A STIX 2.1 object.",
        &[("type", Text, Always, "Its type."), ("id", Text, Always, "Its id.")],
    ),
    resource(
        "StixBundle",
        "A STIX 2.1 bundle.",
        &[
            ("type", Text, Always, "`bundle`."),
            ("id", Text, Always, "Its id."),
            ("objects", Many("StixObject"), Sometimes, "What is in it."),
        ],
    ),
    resource(
        "TaxiiError",
        "An error message (3.6.1).",
        &[
            ("title", Text, Always, "What kind of failure."),
            ("description", Text, Sometimes, "What is wrong."),
            ("error_id", Text, Sometimes, "The request's id."),
            ("error_code", Text, Sometimes, "A stable word for programs."),
            ("http_status", Text, Sometimes, "The status, as text."),
            ("external_details", Text, Sometimes, "Where to read more."),
            ("details", Any, Sometimes, "What to do next."),
        ],
    ),
    resource(
        "TaxiiDiscovery",
        "Discovery (4.1).",
        &[
            ("title", Text, Always, "What the node is called."),
            ("description", Text, Sometimes, "A sentence about it."),
            ("contact", Text, Sometimes, "Whom to write to."),
            ("default", Text, Sometimes, "The API root to begin with."),
            ("api_roots", Texts, Sometimes, "The API roots."),
        ],
    ),
    resource(
        "TaxiiApiRoot",
        "An API root (4.2).",
        &[
            ("title", Text, Always, "What it is called."),
            ("description", Text, Sometimes, "A sentence about it."),
            ("versions", Texts, Always, "Media types that it speaks."),
            ("max_content_length", Count, Always, "Bytes that one request may bring."),
        ],
    ),
    resource(
        "TaxiiCollection",
        "A collection (5.2).",
        &[
            ("id", Uuid, Always, "Its id."),
            ("title", Text, Always, "Its title."),
            ("description", Text, Sometimes, "What it is about."),
            ("alias", Text, Sometimes, "Another address for it."),
            ("can_read", Flag, Always, "The caller reads it."),
            ("can_write", Flag, Always, "The caller writes it."),
            ("media_types", Texts, Sometimes, "What is in it."),
        ],
    ),
    resource(
        "TaxiiCollections",
        "Collections (5.1).",
        &[("collections", Many("TaxiiCollection"), Sometimes, "Those that the caller may use.")],
    ),
    resource(
        "TaxiiManifest",
        "A manifest (5.3).",
        &[
            ("more", Flag, Sometimes, "More follow."),
            ("objects", Many("TaxiiManifestRecord"), Sometimes, "What is there."),
        ],
    ),
    resource(
        "TaxiiManifestRecord",
        "One version of one object (5.3.1).",
        &[
            ("id", Text, Always, "Its id."),
            ("date_added", Time, Always, "When it was added, for this reader."),
            ("version", Text, Always, "Its version."),
            ("media_type", Text, Sometimes, "Its form."),
        ],
    ),
    resource(
        "TaxiiEnvelope",
        "An envelope (3.7).",
        &[
            ("more", Flag, Sometimes, "More follow."),
            ("next", Text, Sometimes, "The cursor of the next page."),
            ("objects", Many("StixObject"), Sometimes, "Objects."),
        ],
    ),
    resource(
        "TaxiiVersions",
        "Versions of an object (5.8).",
        &[("more", Flag, Sometimes, "More follow."), ("versions", Texts, Sometimes, "The versions.")],
    ),
    resource(
        "TaxiiStatus",
        "What became of a submission (4.3).",
        &[
            ("id", Uuid, Always, "Its id."),
            ("status", Text, Always, "`complete` or `pending`."),
            ("request_timestamp", Time, Sometimes, "When it arrived."),
            ("total_count", Count, Always, "Objects in it."),
            ("success_count", Count, Always, "Objects taken."),
            ("successes", Many("TaxiiStatusDetail"), Sometimes, "Which."),
            ("failure_count", Count, Always, "Objects refused."),
            ("failures", Many("TaxiiStatusDetail"), Sometimes, "Which, and why."),
            ("pending_count", Count, Always, "Objects that wait."),
            ("pendings", Many("TaxiiStatusDetail"), Sometimes, "Which."),
        ],
    ),
    resource(
        "TaxiiStatusDetail",
        "What became of one object (4.3.1).",
        &[
            ("id", Text, Always, "Its id."),
            ("version", Text, Always, "Its version."),
            ("message", Text, Sometimes, "Why."),
        ],
    ),
];
