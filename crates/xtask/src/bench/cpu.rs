//! CPU time of this process.

use crate::Outcome;

/// Seconds of CPU that this process has used, user and system, all threads. Resolution 10 ms.
pub fn own_seconds() -> Outcome<f64> {
    seconds_of("self")
}

/// Seconds of CPU that the asking thread has used, finer than the clock's ticks.
pub fn thread_seconds() -> Outcome<f64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(told.split_whitespace().next().ok_or("schedstat")?.parse::<f64>()? / 1e9)
}

/// Seconds of CPU that a process has used.
pub fn seconds_of(pid: &str) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command's name stands in brackets and may hold spaces; utime and stime are the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 =
        fields.get(11..13).ok_or("stat")?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
