//! Agents beside sensors; as `node::views` has it.

use super::Kind::{Count, Flag, Many, Number, OneOf, Text, Texts, Time};
use super::Presence::{Always, Sometimes};
use super::{Others, Shape};

const FAIL: &[&str] = &["open", "closed"];

/// What they take and give.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "EdgeReport",
        summary: "How far an edge and its sensors are.",
        fields: &[
            ("at", Time, Always, "When, by its clock."),
            ("cursor", Text, Sometimes, "The cursor up to which it was told everything."),
            ("knowledge", Time, Sometimes, "The node's time of what it knew whole last."),
            ("fail", OneOf(FAIL), Always, "What becomes of blocks when that is too old."),
            ("sensors", Many("EdgeSensorReport"), Always, "Its sensors, at most 100."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "EdgeSensorReport",
        summary: "How far a sensor is.",
        fields: &[
            ("name", Text, Always, "What the edge calls it."),
            ("kind", Text, Always, "What it is: `suricata`, `nftables` and so on."),
            ("cursor", Text, Sometimes, "The cursor up to which it holds everything."),
            ("applied", Time, Sometimes, "Since when."),
            ("entries", Count, Sometimes, "Values that it holds."),
            ("blocks", Count, Sometimes, "Of these, those that block."),
            ("error", Text, Sometimes, "What is wrong with it."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "EdgeTold",
        summary: "The answer to a report.",
        fields: &[("at", Time, Always, "The node's time.")],
        others: Others::Possible,
    },
    Shape {
        name: "Edges",
        summary: "Edges of one's own member.",
        fields: &[("edges", Many("Edge"), Always, "By name.")],
        others: Others::Possible,
    },
    Shape {
        name: "Edge",
        summary: "An edge, by its last report.",
        fields: &[
            ("name", Text, Always, "What its member calls it."),
            ("online", Flag, Always, "It reported within 90 seconds."),
            ("reported", Time, Always, "When it reported last, by the node's clock."),
            ("clock_off_s", Number, Always, "Its clock then, less the node's, in seconds."),
            ("knowledge", Time, Sometimes, "The node's time of what it knew whole last."),
            ("fail", OneOf(FAIL), Always, "What becomes of blocks when that is too old."),
            ("sensors", Many("EdgeSensor"), Always, "Its sensors."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "EdgeSensor",
        summary: "A sensor of an edge.",
        fields: &[
            ("name", Text, Always, "What the edge calls it."),
            ("kind", Text, Always, "What it is."),
            ("applied", Time, Sometimes, "Since when it holds what it holds."),
            ("entries", Count, Always, "Values that it holds."),
            ("blocks", Count, Always, "Of these, those that block."),
            ("error", Text, Sometimes, "What is wrong with it."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallEdge",
        summary: "An edge of one's own member, and whether a recall reached it.",
        fields: &[
            ("name", Text, Always, "Its name."),
            ("confirmed", Flag, Always, "All its sensors are behind the recall."),
            ("online", Flag, Always, "It reported within 90 seconds."),
            ("reported", Time, Always, "When it reported last."),
            ("knowledge", Time, Sometimes, "The node's time of what it knew whole last."),
            (
                "ends",
                Time,
                Sometimes,
                "When what was recalled ends by itself there, at the latest, if it does.",
            ),
            ("waiting", Texts, Always, "The sensors that are not behind it yet."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallEdges",
        summary: "How many edges of a member a recall reached.",
        fields: &[
            ("edges", Count, Always, "Edges that report."),
            ("confirmed", Count, Always, "Of these, those that confirmed."),
            ("away", Count, Always, "Of those that did not, those that are away."),
            (
                "ends",
                Time,
                Sometimes,
                "When what was recalled ends by itself at those that did not, at the latest, if it does.",
            ),
        ],
        others: Others::Possible,
    },
];
