//! What an import comes to.

use std::collections::HashMap;

use store::record::Submission;

use crate::views;

/// Counts outcomes.
#[derive(Debug)]
pub(crate) struct Tally {
    summary: views::ImportSummary,
    findings: HashMap<(&'static str, String, String), u64>,
}

impl Tally {
    pub(crate) fn new(dry_run: bool, submission: &Submission) -> Tally {
        let summary = views::ImportSummary {
            // A dry run makes none, so there is nothing to ask for.
            submission: if dry_run { String::new() } else { submission.id.to_string() },
            label: submission.default_label.to_string(),
            dry_run,
            ..views::ImportSummary::default()
        };
        Tally { summary, findings: HashMap::new() }
    }

    /// Objects so far that were not refused.
    pub(crate) fn taken(&self) -> u64 {
        self.summary.objects - self.summary.rejected
    }

    /// Counts one.
    pub(crate) fn count(&mut self, outcome: &views::Outcome) {
        let summary = &mut self.summary;
        summary.objects += 1;
        *match outcome.state {
            "duplicate" => &mut summary.duplicates,
            "equivocation" => &mut summary.equivocations,
            "claim" => &mut summary.claims,
            "rejected" => &mut summary.rejected,
            _ => &mut summary.new,
        } += 1;
        summary.warned += u64::from(outcome.state != "rejected" && !outcome.findings.is_empty());
        outcome.findings.iter().for_each(|finding| self.count_finding(finding));
    }

    /// Counts what there is to say of one, or of what the objects came in.
    pub(crate) fn count_finding(&mut self, finding: &views::Finding) {
        let key = (finding.severity, finding.code.clone(), finding.clause.clone());
        *self.findings.entry(key).or_default() += 1;
    }

    /// The summary.
    pub(crate) fn finish(self, format: &str, bytes: u64, broken: Option<String>) -> views::ImportSummary {
        let counted = self.findings.into_iter();
        let mut findings: Vec<views::FindingCount> = counted
            .map(|((severity, code, clause), count)| views::FindingCount { severity, code, clause, count })
            .collect();
        findings.sort_by(|one, other| {
            let order = |count: &views::FindingCount| (std::cmp::Reverse(count.count), count.code.clone());
            order(one).cmp(&order(other)).then_with(|| one.clause.cmp(&other.clause))
        });
        views::ImportSummary { format: format.to_owned(), bytes, broken, findings, ..self.summary }
    }
}
