//! The anchor for large pages: spans of the record, read in order and sent, with nothing judged, behind the same HTTP
//! library as the node's.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;

use rusqlite::{Connection, OpenFlags};

use crate::Outcome;

/// What it serves, and where.
#[derive(clap::Args)]
pub struct Options {
    /// The database file.
    database: PathBuf,
}

/// Bytes of a record in `heads`, and where in it stands the end of its bytes in `wires`; zeros follow the last ones.
const RECORD: usize = 55;
const END: usize = 9;

type Pool = Arc<Mutex<Vec<Connection>>>;

/// Serves `/?from=POSITION&limit=COUNT` until killed; prints its address.
///
/// # Errors
/// The database or the port is not to be had.
pub fn run(options: &Options) -> Outcome {
    let pool: Pool = Pool::default();
    let file = options.database.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (pool, file) = (pool.clone(), file.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let page =
                    tokio::task::block_in_place(|| scan(&pool, &file, request.uri().query().unwrap_or("")));
                std::future::ready(page.map(|page| Response::new(Full::new(Bytes::from(page)))))
            });
            tokio::spawn(async move {
                let connection = Builder::new(TokioExecutor::new());
                // A client that goes away ends its connection and nothing else.
                let _gone = connection.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

fn scan(pool: &Pool, file: &Path, query: &str) -> Result<Vec<u8>, String> {
    let number = |name: &str| -> i64 {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let taken = pool.lock().map_err(|error| error.to_string())?.pop();
    let connection = match taken {
        Some(connection) => connection,
        None => open(file).map_err(|error| error.to_string())?,
    };
    let page = rows(&connection, number("from"), number("limit")).map_err(|error| error.to_string())?;
    pool.lock().map_err(|error| error.to_string())?.push(connection);
    Ok(page)
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "mmap_size", 1_i64 << 40)?;
    Ok(connection)
}

fn rows(connection: &Connection, from: i64, limit: i64) -> rusqlite::Result<Vec<u8>> {
    let mut out = b"{\"objects\":[".to_vec();
    let mut statement = connection.prepare_cached(
        "SELECT heads, wires FROM span
         WHERE first >= coalesce((SELECT max(first) FROM span WHERE first <= ?1), 0) ORDER BY first",
    )?;
    let (mut rows, mut left) = (statement.query([from])?, limit);
    while let Some(row) = rows.next()?
        && left > 0
    {
        let (heads, wires) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
        left -= (heads.len() / RECORD) as i64;
        let last = heads.len().checked_sub(RECORD - END).and_then(|at| heads.get(at..at + 4));
        let end = last.and_then(|end| end.try_into().ok()).map_or(0, u32::from_le_bytes);
        out.extend_from_slice(wires.get(..end as usize).unwrap_or(wires));
        out.push(b',');
    }
    out.pop();
    out.extend_from_slice(b"]}");
    Ok(out)
}
