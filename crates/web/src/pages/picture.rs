//! Pictures, drawn here as SVG: no script, and every one has its figures beside it as text.

use super::show::Step;

/// A bar of the types' picture.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) count: String,
    /// Its length, of 240 units.
    pub(super) length: u64,
}

const LENGTH: u64 = 240;

/// The bars for counts, the largest first, at most `most`.
pub(super) fn bars(counts: &[(String, u64)], most: usize) -> Vec<Bar> {
    let largest = counts.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bar = |(name, count): &(String, u64)| Bar {
        name: super::show::text(name),
        count: grouped(*count),
        length: (count * LENGTH / largest).max(1),
    };
    counts.iter().take(most).map(bar).collect()
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An object in the middle and what is one step from it around.
pub(super) struct Star {
    pub(super) kind: String,
    pub(super) rays: Vec<Ray>,
    pub(super) height: i64,
}

/// One of those around.
pub(super) struct Ray {
    pub(super) x: i64,
    pub(super) y: i64,
    /// Where the text begins or ends.
    pub(super) text_x: i64,
    pub(super) anchor: &'static str,
    pub(super) name: String,
    pub(super) relation: String,
    pub(super) id: String,
}

/// Rays drawn; the list beside the picture has the rest.
const RAYS: usize = 14;
/// Half the picture's width, in units.
const CENTRE: i64 = 360;
/// How far from the middle those around stand: what is left beside them is for their names.
const RADIUS: i64 = 100;
/// Characters of a name. In the widest letters that people write, so many fit beside a point: 250 units at 9 each.
const NAME: usize = 27;

/// Draws it: what is referred to on the right, what refers on the left.
pub(super) fn star(kind: &str, steps: &[Step]) -> Star {
    let (right, left): (Vec<&Step>, Vec<&Step>) = steps.iter().take(RAYS).partition(|step| step.outward);
    let rows = right.len().max(left.len()).max(1) as i64;
    let height = (rows * 40 + 16).max(76);
    let mut rays = column(&right, 1, height);
    rays.extend(column(&left, -1, height));
    Star { kind: kind.to_owned(), rays, height }
}

fn column(steps: &[&Step], side: i64, height: i64) -> Vec<Ray> {
    let gap = height / (steps.len() as i64 + 1);
    let ray = |(place, step): (usize, &&Step)| {
        let (x, y) = (CENTRE + side * RADIUS, gap * (place as i64 + 1));
        Ray {
            x,
            y,
            text_x: x + side * 10,
            anchor: if side > 0 { "start" } else { "end" },
            name: shortened(&step.row.name),
            relation: step.relation.clone(),
            id: step.row.id.clone(),
        }
    };
    steps.iter().enumerate().map(ray).collect()
}

/// A name that fits beside its point.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(NAME - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_shortened_to_what_fits() {
        for (name, shown) in [
            ("Sandworm Team", "Sandworm Team"),
            ("Compromise Host Software 27", "Compromise Host Software 27"),
            ("2016 Ukraine Electric Power Attack", "2016 Ukraine Electric Powe…"),
            ("Compromise Host Software  Binary", "Compromise Host Software…"),
        ] {
            assert_eq!(shortened(name), shown);
            assert!(shortened(name).chars().count() <= NAME);
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn bars_are_in_proportion_and_never_invisible() {
        let counts = [("a".to_owned(), 1_000), ("b".to_owned(), 500), ("c".to_owned(), 1)];
        let lengths: Vec<u64> = bars(&counts, 3).iter().map(|bar| bar.length).collect();
        assert_eq!(lengths, [240, 120, 1]);
        assert_eq!(bars(&counts, 2).len(), 2);
    }
}
