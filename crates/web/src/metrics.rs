//! What the process counts about its requests, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Route;

/// Upper bounds of the latency buckets, in microseconds.
const BUCKETS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 10_000_000];
/// Classes of status: 1xx to 5xx.
const CLASSES: usize = 5;

/// Counts per route; the last row is of requests that found no route.
#[derive(Debug)]
pub struct Metrics {
    routes: Vec<Counts>,
    /// Requests that showed a credential that was no good.
    pub failed_sign_ins: AtomicU64,
    /// Connections that are open.
    pub connections: AtomicU64,
}

#[derive(Debug, Default)]
struct Counts {
    by_class: [AtomicU64; CLASSES],
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Metrics {
    /// Counts from nothing for a table of this many routes.
    #[must_use]
    pub fn new(routes: usize) -> Metrics {
        Metrics {
            routes: (0..=routes).map(|_| Counts::default()).collect(),
            failed_sign_ins: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        }
    }

    /// Counts an answer of the route in this row of the table, or of none.
    pub fn count(&self, route: Option<usize>, status: u16, took: Duration) {
        let Some(counts) = self.routes.get(route.unwrap_or(self.routes.len() - 1)) else { return };
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = counts.by_class.get(usize::from(status / 100).saturating_sub(1));
        let bucket = counts.buckets.get(BUCKETS_US.partition_point(|bound| *bound < micros));
        for counter in [class, bucket].into_iter().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        counts.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// Everything, for the routes of this table.
    #[must_use]
    pub fn text(&self, table: &[Route]) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _written = self.write(table, &mut text);
        text
    }

    fn write(&self, table: &[Route], text: &mut String) -> std::fmt::Result {
        let labels: Vec<String> = table
            .iter()
            .map(|route| format!("method=\"{}\",route=\"{}\"", route.method, route.path))
            .chain(["method=\"\",route=\"\"".to_owned()])
            .collect();
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        writeln!(text, "# HELP accord_http_requests_total Answers by route and class of status.")?;
        writeln!(text, "# TYPE accord_http_requests_total counter")?;
        for (labels, counts) in labels.iter().zip(&self.routes) {
            for (class, count) in counts.by_class.iter().enumerate().filter(|(_, count)| load(count) > 0) {
                let (class, count) = (class + 1, load(count));
                writeln!(text, "accord_http_requests_total{{{labels},status=\"{class}xx\"}} {count}")?;
            }
        }
        writeln!(
            text,
            "# HELP accord_http_request_seconds From the end of a request's headers to its answer."
        )?;
        writeln!(text, "# TYPE accord_http_request_seconds histogram")?;
        for (labels, counts) in labels.iter().zip(&self.routes) {
            if counts.buckets.iter().any(|count| load(count) > 0) {
                counts.write_histogram(labels, text)?;
            }
        }
        writeln!(text, "# HELP accord_failed_sign_ins_total Requests with a credential that was no good.")?;
        writeln!(text, "# TYPE accord_failed_sign_ins_total counter")?;
        writeln!(text, "accord_failed_sign_ins_total {}", load(&self.failed_sign_ins))?;
        writeln!(text, "# HELP accord_connections Connections that are open.")?;
        writeln!(text, "# TYPE accord_connections gauge")?;
        writeln!(text, "accord_connections {}", load(&self.connections))
    }
}

impl Counts {
    fn write_histogram(&self, labels: &str, text: &mut String) -> std::fmt::Result {
        let mut total = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            total += count.load(Ordering::Relaxed);
            let bound = BUCKETS_US.get(at).map_or("+Inf".to_owned(), |micros| seconds(*micros));
            writeln!(text, "accord_http_request_seconds_bucket{{{labels},le=\"{bound}\"}} {total}")?;
        }
        let sum = seconds(self.sum_us.load(Ordering::Relaxed));
        writeln!(text, "accord_http_request_seconds_sum{{{labels}}} {sum}")?;
        writeln!(text, "accord_http_request_seconds_count{{{labels}}} {total}")
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Figures whose keys are what members said, and the label of Prometheus that holds each: a name is no part of a
/// metric's own.
const BY_NAME: [(&str, &str); 3] = [("types", "type"), ("labels", "label"), ("sources", "source")];
/// Names of each that stand alone, the most frequent; the rest is summed up.
const NAMES: usize = 100;

/// Adds the numbers of a JSON value as gauges, `a.b` as `accord_a_b`.
pub fn write_gauges(name: &str, value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::Number(number) => {
            let _written = writeln!(text, "# TYPE {name} gauge\n{name} {number}");
        }
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                let plain = key.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
                let name = format!("{name}_{plain}");
                match (BY_NAME.iter().find(|(of, _)| of == key), member.as_object()) {
                    (Some((_, label)), Some(counts)) => write_by_name(&name, label, counts, text),
                    _ => write_gauges(&name, member, text),
                }
            }
        }
        _ => {}
    }
}

fn write_by_name(
    name: &str,
    label: &str,
    counts: &serde_json::Map<String, serde_json::Value>,
    text: &mut String,
) {
    let mut counts: Vec<(&str, u64)> =
        counts.iter().filter_map(|(of, count)| Some((of.as_str(), count.as_u64()?))).collect();
    counts.sort_unstable_by_key(|(of, count)| (std::cmp::Reverse(*count), *of));
    let _written = writeln!(text, "# TYPE {name} gauge");
    for (of, count) in counts.iter().take(NAMES) {
        let of = of.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _written = writeln!(text, "{name}{{{label}=\"{of}\"}} {count}");
    }
    let rest: u64 = counts.iter().skip(NAMES).map(|(_, count)| count).sum();
    if rest > 0 {
        let _written = writeln!(text, "{name}{{{label}=\"\"}} {rest}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_cumulative_by_bucket() {
        let table = crate::probes::routes();
        let metrics = Metrics::new(table.len());
        metrics.count(Some(0), 200, Duration::from_micros(100));
        metrics.count(Some(0), 204, Duration::from_micros(101));
        metrics.count(Some(0), 503, Duration::from_secs(60));
        metrics.count(None, 404, Duration::ZERO);
        let text = metrics.text(&table);
        for line in [
            "accord_http_requests_total{method=\"GET\",route=\"/livez\",status=\"2xx\"} 2",
            "accord_http_requests_total{method=\"GET\",route=\"/livez\",status=\"5xx\"} 1",
            "accord_http_requests_total{method=\"\",route=\"\",status=\"4xx\"} 1",
            "accord_http_request_seconds_bucket{method=\"GET\",route=\"/livez\",le=\"0.000100\"} 1",
            "accord_http_request_seconds_bucket{method=\"GET\",route=\"/livez\",le=\"0.000250\"} 2",
            "accord_http_request_seconds_bucket{method=\"GET\",route=\"/livez\",le=\"+Inf\"} 3",
            "accord_http_request_seconds_sum{method=\"GET\",route=\"/livez\"} 60.000201",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        let mut text = String::new();
        write_gauges(
            "accord",
            &serde_json::json!({"objects": 3, "store": {"wal-bytes": 7, "name": "x"}}),
            &mut text,
        );
        assert_eq!(
            text,
            "# TYPE accord_objects gauge\naccord_objects 3\n\
             # TYPE accord_store_wal_bytes gauge\naccord_store_wal_bytes 7\n"
        );
    }

    #[test]
    fn names_of_members_stand_in_labels_and_are_bounded() {
        let mut types = serde_json::Map::new();
        (0..150).for_each(|n| drop(types.insert(format!("x-{n}"), (1000 - n).into())));
        let figures = serde_json::json!({"types": types, "sources": {"a b": 1, "a-b": 2, "c\"\n\\": 3}});
        let mut text = String::new();
        write_gauges("accord", &figures, &mut text);
        let families = text.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!((families, text.lines().count()), (2, 2 + 3 + NAMES + 1), "{text}");
        for line in [
            r#"accord_sources{source="a b"} 1"#,
            r#"accord_sources{source="a-b"} 2"#,
            r#"accord_sources{source="c\"\n\\"} 3"#,
            r#"accord_types{type="x-0"} 1000"#,
            r#"accord_types{type=""} 43775"#,
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
