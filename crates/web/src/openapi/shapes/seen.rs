//! What sensors saw; as `node::views` has it.

use super::Kind::{Any, Count, Flag, Many, One, Text, Texts, Time};
use super::Presence::{Always, Sometimes};
use super::{Field, Others, Shape};

const HOSTS: Field = ("hosts", Count, Always, "Hosts that touched it.");
const OF_HOSTS: Field = ("of_hosts", Count, Always, "Hosts that were seen at all.");
const EVENTS: Field = ("events", Count, Always, "How often.");
const AT_LEAST: Field = ("at_least", Flag, Always, "There was too much to go through: so many, or more.");
const SINCE: Field = ("since", Text, Sometimes, "The first day that is kept of anything, in UTC.");
const FIRST: Field = ("first", Time, Sometimes, "When it was touched first.");
const LAST: Field = ("last", Time, Sometimes, "When last.");
const ON: Field = ("on", Many("SeenHost"), Always, "Some of the hosts, those that touched it last first.");

/// What its routes take and give.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "Event",
        summary: "Something that a sensor saw; each line of NDJSON is one.",
        fields: &[
            (
                "time",
                Time,
                Always,
                "When, with any offset, at most an hour from now and within the days that are kept.",
            ),
            ("host", Text, Always, "The name of the host or its address, in any case."),
            (
                "observables",
                Any,
                Always,
                "A list of at most 100: texts of which the type is guessed, or objects with `type` and `value`.",
            ),
            ("sensor", Text, Sometimes, "Which sensor."),
            (
                "id",
                Text,
                Sometimes,
                "The sensor's id of it; without one it is known again by all that it says.",
            ),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "Observed",
        summary: "What became of events.",
        fields: &[
            ("events", Count, Always, "Events in the request."),
            ("new", Count, Always, "Those that are counted."),
            ("known", Count, Always, "Those that were counted before, and are not again."),
            (
                "full",
                Count,
                Always,
                "Those of which not everything is kept, since their day alone fills what the member may keep.",
            ),
            ("refused", Count, Always, "Those that were refused."),
            ("partly", Count, Always, "Those that were taken without some of their values."),
            ("errors", Many("EventError"), Always, "What is wrong with those, the first 1,000 mistakes."),
            ("more_errors", Flag, Always, "There were more mistakes."),
            (
                "hits",
                Many("EventHit"),
                Sometimes,
                "What of them is known, the first 1,000; not for who may not read.",
            ),
            ("hit_count", Count, Sometimes, "How many there are."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "EventError",
        summary: "A mistake in an event.",
        fields: &[
            ("line", Count, Always, "The line, or the place in the list, from 1."),
            ("event", Text, Sometimes, "The event's id, as far as it could be read."),
            ("pointer", Text, Sometimes, "The value that was passed over; without it the event was refused."),
            ("reason", Text, Always, "What is wrong."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "EventHit",
        summary: "Something that an event touched and that is known.",
        fields: &[
            ("line", Count, Always, "The line of the event, or its place in the list, from 1."),
            ("event", Text, Sometimes, "Its id."),
            ("type", Text, Always, "What kind of value was touched."),
            ("value", Text, Always, "The value."),
            (
                "nearness",
                Text,
                Always,
                "What the indicator's value is to it: `same`, `host`, `parent`, `network` and so on.",
            ),
            ("indicator", Text, Always, "The indicator's id."),
            ("label", Text, Always, "Its TLP."),
            ("source", One("Named"), Sometimes, "Whose it is, where that is shown."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SeenAnswers",
        summary: "How widely values were seen.",
        fields: &[("answers", Many("SeenAnswer"), Always, "One for each value, in order.")],
        others: Others::Possible,
    },
    Shape {
        name: "Prevalence",
        summary: "How widely something was seen.",
        fields: &[HOSTS, OF_HOSTS, EVENTS, AT_LEAST, SINCE, FIRST, LAST],
        others: Others::Possible,
    },
    Shape {
        name: "SeenAnswer",
        summary: "How widely a value was seen; of a network all in it.",
        fields: &[
            ("query", Text, Always, "What was asked."),
            ("type", Text, Sometimes, "What it was taken for."),
            ("value", Text, Sometimes, "Its normal form."),
            ("error", Text, Sometimes, "Why it was not understood."),
            HOSTS,
            OF_HOSTS,
            EVENTS,
            AT_LEAST,
            SINCE,
            FIRST,
            LAST,
            ("with_below", One("Prevalence"), Sometimes, "Of a domain: it and all below it together."),
            ("days", Many("SeenDay"), Always, "Each day with something, the oldest first."),
            ON,
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SeenDay",
        summary: "A day.",
        fields: &[("day", Text, Always, "It, in UTC."), HOSTS, EVENTS],
        others: Others::Possible,
    },
    Shape {
        name: "SeenHost",
        summary: "A host that touched something.",
        fields: &[
            ("host", Text, Always, "Its name or address."),
            EVENTS,
            ("first", Time, Always, "When first."),
            ("last", Time, Always, "When last."),
            ("event", Text, Sometimes, "The id of one of the events, where the sensor told one."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Forgotten",
        summary: "What was erased.",
        fields: &[("rows", Count, Always, "Rows of the index that went: one for each day, value and host.")],
        others: Others::Possible,
    },
    Shape {
        name: "SeenHits",
        summary: "What was seen and is known.",
        fields: &[
            ("hits", Many("SeenHit"), Always, "The newest find first."),
            ("more", Flag, Always, "More follow."),
            ("next", Text, Sometimes, "The cursor of the next page."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "IgnoreHits",
        summary: "What is left out of the hits.",
        fields: &[
            ("values", Texts, Always, "Values, defanged or not; up to 100."),
            (
                "until",
                Time,
                Sometimes,
                "Until then, at most 400 days; without it they are left out no longer.",
            ),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "Ignored",
        summary: "What is left out of the hits.",
        fields: &[
            ("values", Count, Always, "So many different values."),
            ("until", Time, Sometimes, "Until then; without it they are left out no longer."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SeenHit",
        summary: "Something that was seen and is known.",
        fields: &[
            ("ignored_until", Time, Sometimes, "It is ignored until then."),
            ("type", Text, Always, "What kind of value was touched."),
            ("value", Text, Always, "The value."),
            (
                "nearness",
                Text,
                Always,
                "What the indicator's value is to it: `same`, `host`, `parent`, `network` and so on.",
            ),
            ("stands_for", Text, Always, "The value that the indicator stands under."),
            ("indicator", One("ObjectSummary"), Always, "The indicator."),
            (
                "live",
                Flag,
                Always,
                "It was known when it was touched; otherwise it had been touched when it became known.",
            ),
            (
                "held",
                Flag,
                Always,
                "So many hosts touched what the indicator stands for that it does not block, by the member's policy: it alerts at most.",
            ),
            (
                "found",
                Time,
                Always,
                "When it was both known and seen: the time of the event, or of the indicator.",
            ),
            HOSTS,
            OF_HOSTS,
            EVENTS,
            AT_LEAST,
            SINCE,
            FIRST,
            LAST,
            ON,
        ],
        others: Others::Possible,
    },
];
