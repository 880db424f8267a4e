//! Downloads files over plain HTTP: resumable, retried, verified, and never incomplete under their final name.
//!
//! Bytes go to `NAME.part`, which is renamed to `NAME` only if the SHA-256 of the unpacked contents is correct. An
//! interrupted transfer is continued with an HTTP `Range` request, in this run or the next; if a server ignores
//! `Range`, it starts again. Of several concurrent downloads of a file into the same folder, in this program or others,
//! one writes (it holds [`Lock`] on `NAME.lock`); the others wait, and use its result.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, Timeout};

use crate::error::{DataError, FashionMnistProblem, Problem};
use crate::lock::Lock;
use crate::progress::LoadProgress;
use crate::unpack::{is_packed, sha256_of};

/// Short, so that an offline machine reports an error soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that sends nothing for this long counts as disconnected.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Number of consecutive tries with fewer than [`FRUIT`] bytes before giving up.
const FRUITLESS_TRIES: u32 = 4;
/// Number of bytes after which a try counts as successful: a server that sends one byte per connection would otherwise
/// never end.
const FRUIT: u64 = 1024;
/// 1 kB/s over a minute, which even a bad mobile connection achieves; a connection that breaks more often than this is
/// unusable.
const PATIENCE: Patience = Patience { window: Duration::from_secs(60), least: 60 * 1000, tries: 100 };
/// Maximum size that gzip adds to incompressible contents: its headers, and 5 bytes per block of about 32 KB.
const PACKING: u64 = 1 << 16;
/// Pause before the first retry; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(250);
/// Interval at which to check whether another download has finished.
const LOOK: Duration = Duration::from_millis(50);
/// Number of bytes written, and reported, at a time.
const CHUNK: usize = 1 << 16;

/// When to give up a transfer although bytes still arrive.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// A try with fewer than `least` bytes within this time counts as interrupted.
    window: Duration,
    least: u64,
    /// Total number of tries, however much they transfer: a server may start again each time.
    tries: u32,
}

/// A file to download, and its expected unpacked contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteFile {
    /// File name, on the server and in the folder.
    pub name: &'static str,
    /// SHA-256 of the contents, unpacked if `name` ends in `.gz`: 64 lower-case hex digits.
    pub sha256: &'static str,
    /// Length of those contents, in bytes; limits how much is read from the server.
    pub len: u64,
}

/// Downloads the missing ones of `files` from the site `url` into `folder`, which is created when the first byte
/// arrives.
pub fn download(
    url: &str,
    folder: &Path,
    files: &[RemoteFile],
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<(), DataError> {
    let agent = agent();
    files.iter().try_for_each(|file| Transfer::new(&agent, url, folder, file).run(progress))
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(SILENCE_TIMEOUT))
        .timeout_per_read(Some(SILENCE_TIMEOUT))
        .user_agent(concat!("foldnet/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// A transfer of one file.
struct Transfer<'a> {
    agent: &'a Agent,
    file: &'a RemoteFile,
    url: String,
    folder: &'a Path,
    part: PathBuf,
    /// Held from the first byte on, by whoever writes to the part.
    lock: Option<Lock>,
    /// Whether the part contains bytes of an earlier or another download.
    resumed: bool,
    patience: Patience,
}

/// Reason why one try ended before the file was complete.
enum Stop {
    /// Another try may continue from here.
    Break(String),
    /// The server cannot be reached.
    NoConnection(String),
    /// The part on disk cannot be continued with this server.
    StartAgain,
    /// Another download has changed the part in the meantime.
    Changed,
    /// Another download has completed the file in the meantime.
    Arrived,
    /// No further try will help.
    Final(DataError),
}

impl<'a> Transfer<'a> {
    fn new(agent: &'a Agent, url: &str, folder: &'a Path, file: &'a RemoteFile) -> Self {
        let url = format!("{}/{}", url.trim_end_matches('/'), file.name);
        let part = folder.join(format!("{}.part", file.name));
        Self { agent, file, url, folder, part, lock: None, resumed: false, patience: PATIENCE }
    }

    fn run(&mut self, progress: &mut dyn FnMut(LoadProgress)) -> Result<(), DataError> {
        self.resumed = self.part_len() > 0;
        if self.arrived() || !self.fetch(progress)? {
            return Ok(());
        }
        let mut verdict = self.verify();
        if self.resumed && verdict.is_err() {
            // The old part may be the cause (for example, compressed differently): try once more from the start.
            self.remove_part()?;
            self.fetch(progress)?;
            verdict = self.verify();
        }
        if let Err(cause) = verdict {
            self.remove_part()?;
            return Err(self.bad(cause));
        }
        fs::rename(&self.part, self.folder.join(self.file.name)).map_err(|cause| self.unwritable(&cause))
    }

    /// Whether the file exists under its final name.
    fn arrived(&self) -> bool {
        self.folder.join(self.file.name).exists()
    }

    /// Retries until the part has the length given by the server; returns false if another download has completed the
    /// file.
    fn fetch(&mut self, progress: &mut dyn FnMut(LoadProgress)) -> Result<bool, DataError> {
        let at_first = self.part_len();
        let (mut fruitless, mut tries) = (0, 0);
        loop {
            let before = self.part_len();
            let cause = match self.attempt(before, progress) {
                // No connection at all: an offline machine must not wait through four tries. But
                // if there was one, it may come back.
                Err(Stop::NoConnection(cause)) if before == at_first => {
                    return Err(DataError::Offline { url: self.url.clone(), cause });
                }
                Ok(()) => return Ok(true),
                Err(Stop::Arrived) => return Ok(false),
                Err(Stop::Final(error)) => return Err(error),
                Err(Stop::Changed) => {
                    self.resumed = true;
                    continue;
                }
                Err(Stop::StartAgain) => {
                    self.remove_part()?;
                    "the server cannot resume it".to_owned()
                }
                Err(Stop::Break(cause) | Stop::NoConnection(cause)) => cause,
            };
            let done = self.part_len();
            fruitless = if done >= before + FRUIT { 0 } else { fruitless + 1 };
            tries += 1;
            if fruitless == FRUITLESS_TRIES || tries == self.patience.tries {
                return Err(DataError::BrokenOff { url: self.url.clone(), done, cause });
            }
            thread::sleep(PAUSE * (1 << fruitless) / 2);
        }
    }

    /// One request, for the bytes after the first `have`.
    fn attempt(&mut self, have: u64, progress: &mut dyn FnMut(LoadProgress)) -> Result<(), Stop> {
        let mut request = self.agent.get(&self.url);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let mut response = request.call().map_err(no_answer)?;
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if range_start(&response) == Some(have) => have,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                self.hold(have, None, progress)?;
                return Err(Stop::StartAgain);
            }
            status if status.is_server_error() && have > 0 => return Err(Stop::Break(status.to_string())),
            status => {
                return Err(Stop::Final(DataError::Refused { url: self.url.clone(), status: status.as_u16() }));
            }
        };
        let total = response.body().content_length().map(|rest| start + rest);
        self.hold(have, total, progress)?;
        self.receive(response.body_mut(), start, total, progress)
    }

    /// Takes the lock, unless this transfer already has it; while another download holds it, shows that one's progress.
    /// The requested range must still be the bytes after the first `have`.
    fn hold(&mut self, have: u64, total: Option<u64>, progress: &mut dyn FnMut(LoadProgress)) -> Result<(), Stop> {
        if self.lock.is_some() {
            return Ok(());
        }
        let path = self.folder.join(format!("{}.lock", self.file.name));
        let unwritable = |cause| Stop::Final(DataError::file(&path, Problem::Unwritable(cause)));
        fs::create_dir_all(self.folder).map_err(|cause| unwritable(cause.to_string()))?;
        while self.lock.is_none() {
            self.lock = Lock::try_take(&path).map_err(|cause| unwritable(cause.to_string()))?;
            if self.lock.is_none() {
                progress(LoadProgress::Downloading { file: self.file.name, done: self.part_len(), total });
                thread::sleep(LOOK);
            }
        }
        match self.part_len() {
            _ if self.arrived() => Err(Stop::Arrived),
            found if found != have => Err(Stop::Changed),
            _ => Ok(()),
        }
    }

    /// Appends the body to the first `start` bytes of the part.
    fn receive(
        &self,
        body: &mut Body,
        start: u64,
        total: Option<u64>,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<(), Stop> {
        let mut part = self.open_part(start).map_err(|cause| Stop::Final(self.unwritable(&cause)))?;
        let mut body = body.as_reader();
        let mut buffer = vec![0; CHUNK];
        let mut done = start;
        let mut mark = (Instant::now(), start);
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(Stop::Break(cause.to_string())),
            };
            done += count as u64;
            if done > self.file.len + PACKING {
                drop(part);
                self.remove_part().map_err(Stop::Final)?;
                return Err(Stop::Final(self.bad(format!("longer than the {} bytes it unpacks to", self.file.len))));
            }
            part.write_all(&buffer[..count]).map_err(|cause| Stop::Final(self.unwritable(&cause)))?;
            if mark.0.elapsed() >= self.patience.window {
                if done - mark.1 < self.patience.least {
                    return Err(Stop::Break(format!("{} bytes in {:.0?}", done - mark.1, mark.0.elapsed())));
                }
                mark = (Instant::now(), done);
            }
            progress(LoadProgress::Downloading { file: self.file.name, done, total });
        }
        if total.is_some_and(|total| done < total) {
            return Err(Stop::Break("the connection was closed".into()));
        }
        part.sync_all().map_err(|cause| Stop::Final(self.unwritable(&cause)))
    }

    fn open_part(&self, start: u64) -> std::io::Result<File> {
        let part = OpenOptions::new().create(true).append(true).open(&self.part)?;
        part.set_len(start)?;
        Ok(part)
    }

    /// Checks that the part unpacks to the expected contents; otherwise returns the reason as text.
    fn verify(&self) -> Result<(), String> {
        match sha256_of(&self.part, is_packed(self.file.name), self.file.len) {
            Ok(found) if found == self.file.sha256 => Ok(()),
            Ok(found) => Err(format!("SHA-256 of the contents {found}, not {}", self.file.sha256)),
            Err(error) => Err(error.what()),
        }
    }

    fn part_len(&self) -> u64 {
        fs::metadata(&self.part).map_or(0, |metadata| metadata.len())
    }

    fn remove_part(&self) -> Result<(), DataError> {
        fs::remove_file(&self.part).map_err(|cause| self.unwritable(&cause))
    }

    fn bad(&self, cause: String) -> DataError {
        let problem = FashionMnistProblem::BadDownload { url: self.url.clone(), cause };
        DataError::file(&self.folder.join(self.file.name), problem)
    }

    fn unwritable(&self, cause: &std::io::Error) -> DataError {
        DataError::file(&self.part, Problem::Unwritable(cause.to_string()))
    }
}

/// Start of a partial response, from `Content-Range: bytes START-END/TOTAL`.
fn range_start(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get("Content-Range")?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// Distinguishes errors before a connection was established from later ones.
fn no_answer(error: ureq::Error) -> Stop {
    let never_connected = match &error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Timeout(timeout) => matches!(timeout, Timeout::Resolve | Timeout::Connect),
        ureq::Error::Io(cause) => !matches!(
            cause.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        ),
        _ => false,
    };
    if never_connected { Stop::NoConnection(error.to_string()) } else { Stop::Break(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    const FILE: RemoteFile = RemoteFile { name: "slow", sha256: "", len: 1 << 20 };

    /// Downloads [`FILE`] from a server that claims to send all of it, but sends `pieces` of `size` bytes per
    /// connection, with pauses in between; returns the error, and the number of connections.
    fn fetch(patience: Patience, pieces: usize, size: usize) -> (DataError, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, connections) = std::sync::mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = sender.send(());
                BufReader::new(&stream)
                    .lines()
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .for_each(drop);
                // Never 206: a server that starts again each time.
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\nConnection: close\r\n\r\n");
                for _ in 0..pieces {
                    if stream.write_all(&vec![0; size]).is_err() {
                        break;
                    }
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        let folder = std::env::temp_dir().join(format!("foldnet-slow-{}-{size}", std::process::id()));
        let agent = agent();
        let mut transfer = Transfer::new(&agent, &url, &folder, &FILE);
        transfer.patience = patience;
        let error = transfer.run(&mut |_| ()).unwrap_err();
        drop(transfer);
        fs::remove_dir_all(folder).unwrap();
        (error, connections.try_iter().count())
    }

    #[test]
    fn a_server_that_sends_a_byte_now_and_then_is_given_up() {
        let patience = Patience { window: Duration::from_millis(50), least: 1000, tries: 2 };
        let (error, connections) = fetch(patience, 100_000, 1);
        assert!(matches!(&error, DataError::BrokenOff { cause, .. } if cause.contains(" bytes in ")), "{error}");
        assert_eq!(connections, 2);
    }

    #[test]
    fn a_server_that_starts_again_for_ever_is_given_up() {
        let patience = Patience { tries: 3, ..PATIENCE };
        let (error, connections) = fetch(patience, 1, 5000);
        assert!(matches!(error, DataError::BrokenOff { .. }), "{error}");
        assert_eq!(connections, 3);
    }
}
