//! A small HTTP/1.1 server on loopback that can be told to misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How one request is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// A correct response that honours `Range`.
    Good,
    /// As `Good`, but the connection closes after this many bytes of the body.
    Cut(usize),
    /// The whole file with status 200, whatever was asked for.
    IgnoreRange,
    /// As `Good`, but in 20 pieces, with a pause after each.
    Slow,
    /// As `Good`, without saying how long the body is.
    NoLength,
    /// This status and no file.
    Status(u16),
}

/// One request as received, and what was sent in reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// Start of its `Range`, if it has one.
    pub(crate) from: Option<usize>,
    /// Bytes of the body that were sent.
    pub(crate) sent: usize,
}

/// Serves until the test's process ends.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Request number `n` gets `replies[n]`, those beyond the last one `Reply::Good`.
    pub(crate) fn start(files: &[(&str, Vec<u8>)], replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let files: HashMap<_, _> = files.iter().map(|(name, body)| (format!("/{name}"), body.clone())).collect();
        let (files, replies) = (Arc::new(files), replies.to_vec());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let reply = replies.get(number).copied().unwrap_or(Reply::Good);
                let (files, log) = (Arc::clone(&files), Arc::clone(&log));
                thread::spawn(move || serve(stream.unwrap(), &files, reply, &log));
            }
        });
        Self { url, requests }
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, files: &HashMap<String, Vec<u8>>, reply: Reply, log: &Mutex<Vec<Request>>) {
    let (path, from) = read_request(&stream);
    let body = files.get(&path).map_or(&[][..], Vec::as_slice);
    let start = match reply {
        Reply::IgnoreRange => 0,
        _ => from.unwrap_or(0),
    };
    let status = match (reply, files.contains_key(&path), start) {
        (Reply::Status(status), _, _) => status,
        (_, false, _) => 404,
        (_, true, start) if start >= body.len() => 416,
        (_, true, 0) => 200,
        (_, true, _) => 206,
    };
    let rest = if status < 300 { &body[start..] } else { &[] };
    let sent = match reply {
        Reply::Cut(bytes) => rest.len().min(bytes),
        _ => rest.len(),
    };
    // Logged before the client can see the end, so that a test never looks too early.
    log.lock().unwrap().push(Request { path, from, sent });
    let mut head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
    if !matches!(reply, Reply::NoLength) {
        head += &format!("Content-Length: {}\r\n", rest.len());
    }
    if status == 206 {
        head += &format!("Content-Range: bytes {start}-{}/{}\r\n", body.len() - 1, body.len());
    }
    // A client that disconnected is not this server's concern: ignore the error.
    let _ = stream.write_all((head + "\r\n").as_bytes());
    let pieces = if matches!(reply, Reply::Slow) { 20 } else { 1 };
    for piece in rest[..sent].chunks(sent.div_ceil(pieces).max(1)) {
        if stream.write_all(piece).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(if pieces > 1 { 5 } else { 0 }));
    }
}

/// Path, and start of the range asked for.
fn read_request(stream: &TcpStream) -> (String, Option<usize>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let path = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)).unwrap_or_default();
    let range = lines.filter_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned)).last();
    (path, range.map(|range| range.trim_end_matches('-').parse().unwrap()))
}
