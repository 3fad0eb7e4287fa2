//! One writer: posts envelopes, withdraws now and then, and writes down what it was told.

use std::sync::Mutex;

use super::{Ledger, lock};
use crate::Outcome;
use crate::generate::{Random, object};
use crate::http::{Answer, Connection};

/// Writes until the node is gone. A broken connection is the expected end; a refusal is an error.
///
/// # Errors
/// An answer that a healthy node does not give.
pub fn write(mut connection: Connection, collection: &str, seed: u64, ledger: &Mutex<Ledger>) -> Outcome {
    let objects = format!("/taxii2/default/collections/{collection}/objects/");
    let random = &mut Random::new(seed);
    let mut from = 0;
    loop {
        // Now and then an arrival is large enough to be accepted first and sequenced after the reply.
        let count = if random.below(40) == 0 { 5_200 } else { 1 + random.below(20) };
        let batch: Vec<(String, String)> = (from..from + count).map(|n| object(seed << 32, n)).collect();
        from += count;
        let bodies: Vec<&str> = batch.iter().map(|(_, body)| body.as_str()).collect();
        let envelope = format!("{{\"objects\":[{}]}}", bodies.join(","));
        let ids: Vec<String> = batch.iter().map(|(id, _)| id.clone()).collect();
        lock(ledger)?.sent.extend(batch);
        let Ok(answer) = connection.send("POST", &objects, Some(envelope.as_bytes())) else { return Ok(()) };
        acknowledge(&answer, ids.clone(), ledger)?;
        if random.below(4) == 0 && count < 100 {
            let Some(id) = ids.first() else { continue };
            lock(ledger)?.leaving.insert(id.clone());
            let Ok(answer) = connection.send("DELETE", &format!("{objects}{id}/"), None) else {
                return Ok(());
            };
            if answer.status != 200 {
                return Err(format!("a withdrawal got {}", answer.status).into());
            }
            lock(ledger)?.gone.insert(id.clone());
        }
    }
}

fn acknowledge(answer: &Answer, ids: Vec<String>, ledger: &Mutex<Ledger>) -> Outcome {
    if answer.status != 202 {
        return Err(format!("a post got {}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
    }
    let status: serde_json::Value = serde_json::from_slice(&answer.body)?;
    if status.get("failure_count").and_then(|n| n.as_u64()) != Some(0) {
        return Err(format!("objects were refused: {status}").into());
    }
    let mut ledger = lock(ledger)?;
    if status.get("status").and_then(|s| s.as_str()) == Some("complete") {
        ledger.taken.extend(ids);
    } else {
        let id = status.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        ledger.deferred += 1;
        ledger.accepted.push((id, ids));
    }
    Ok(())
}
