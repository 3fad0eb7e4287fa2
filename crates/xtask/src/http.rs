//! A small HTTP/1.1 client over one kept connection: enough to load and to judge a node on 127.0.0.1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Outcome;

/// A connection that is kept open between requests.
pub struct Connection {
    address: String,
    headers: String,
    stream: Option<BufReader<TcpStream>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, as it came (not inflated).
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An answer, and how long its head took.
#[derive(Debug)]
pub struct Fetched {
    /// The answer.
    pub answer: Answer,
    /// Seconds until its first line was here.
    pub head_s: f64,
}

const TIMEOUT: Duration = Duration::from_secs(300);

impl Connection {
    /// To `http://host:port`, with a token shown on each request.
    pub fn new(url: &str, token: &str) -> Connection {
        Connection::authorized(url, &format!("Bearer {token}"))
    }

    /// To `http://host:port`, with this `Authorization` on each request.
    pub fn authorized(url: &str, authorization: &str) -> Connection {
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let headers = format!(
            "Host: {address}\r\nAuthorization: {authorization}\r\nAccept: application/taxii+json;version=2.1\r\n"
        );
        Connection { address, headers, stream: None }
    }

    /// Sends a request and reads the whole answer. A connection that the server closed is opened again once.
    pub fn send(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> Outcome<Answer> {
        let fresh = self.stream.is_none();
        match self.try_send(method, path, body) {
            Err(_) if !fresh && body.is_none() => {
                self.stream = None;
                self.try_send(method, path, body)
            }
            answer => answer,
        }
    }

    /// Asks for something that may take long to begin, and tells how long that took.
    pub fn fetch(&mut self, path: &str) -> Outcome<Fetched> {
        let began = Instant::now();
        let mut stream = self.begin("GET", path, None)?;
        stream.fill_buf()?;
        let head_s = began.elapsed().as_secs_f64();
        let answer = self.end(stream, false)?;
        Ok(Fetched { answer, head_s })
    }

    fn try_send(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> Outcome<Answer> {
        let stream = self.begin(method, path, body)?;
        self.end(stream, method == "HEAD")
    }

    fn begin(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> Outcome<BufReader<TcpStream>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                BufReader::with_capacity(1 << 18, stream)
            }
        };
        let mut head = format!("{method} {path} HTTP/1.1\r\n{}", self.headers);
        if let Some(body) = body {
            let of_type = if path.starts_with("/taxii2/") {
                "application/taxii+json;version=2.1"
            } else {
                "application/json"
            };
            head += &format!("Content-Type: {of_type}\r\nContent-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut request = head.into_bytes();
        request.extend_from_slice(body.unwrap_or_default());
        stream.get_mut().write_all(&request)?;
        Ok(stream)
    }

    fn end(&mut self, mut stream: BufReader<TcpStream>, head_only: bool) -> Outcome<Answer> {
        let answer = read_answer(&mut stream, head_only)?;
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>, head_only: bool) -> Outcome<Answer> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no status line")?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if head_only || status == 204 || status == 304 {
        return Ok(answer);
    }
    if let Some(length) = answer.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        answer.body = body;
    } else if answer.header("transfer-encoding") == Some("chunked") {
        read_chunks(stream, &mut answer.body)?;
    } else {
        stream.read_to_end(&mut answer.body)?;
    }
    Ok(answer)
}

fn read_chunks(stream: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Outcome {
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16)?;
        let start = body.len();
        body.resize(start + length + 2, 0);
        stream.read_exact(body.get_mut(start..).ok_or("chunk")?)?;
        body.truncate(start + length);
        if length == 0 {
            return Ok(());
        }
    }
}
