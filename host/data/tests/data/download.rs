//! The download against a server on loopback: whole, cut off, resumed, refused, wrong, offline.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use foldnet_data::{
    DataError, FashionMnistProblem, LoadProgress, Options, Problem, RemoteFile, Search, Source, download,
    load_test_with, load_with,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::fashion_mnist::genuine;
use crate::sample::{Folder, TEST_IMAGES, TEST_LABELS, gzip};
use crate::server::{Reply, Server};

const NAME: &str = "noise.gz";
const PART: &str = "noise.gz.part";

/// A packed file of more than 200,000 bytes, and what it must unpack to.
fn noise() -> (Vec<u8>, RemoteFile) {
    let mut contents = vec![0; 200_000];
    ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut contents);
    let hash = Sha256::digest(&contents).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    (gzip(&contents), RemoteFile { name: NAME, sha256: hash.leak(), len: contents.len() as u64 })
}

/// A download: its outcome, the folder it left, and each request as (range, bytes sent).
struct Outcome {
    result: Result<(), DataError>,
    folder: Folder,
    requests: Vec<(Option<usize>, usize)>,
}

/// Downloads the noise from a server with `replies`, over an old part if one is given.
fn run(replies: &[Reply], old_part: &[u8]) -> Outcome {
    let (packed, file) = noise();
    run_with(packed, file, replies, old_part)
}

fn run_with(served: Vec<u8>, file: RemoteFile, replies: &[Reply], old_part: &[u8]) -> Outcome {
    let folder = Folder::empty();
    if !old_part.is_empty() {
        folder.put(PART, old_part);
    }
    let server = Server::start(&[(NAME, served)], replies);
    let result = download(&server.url, folder.path(), &[file], &mut |_| ());
    let requests = server.requests().iter().map(|request| (request.from, request.sent)).collect();
    Outcome { result, folder, requests }
}

impl Outcome {
    fn assert_done(&self, requests: &[(Option<usize>, usize)]) {
        assert_eq!(self.result, Ok(()));
        assert!(self.folder.get(NAME) == Some(noise().0), "other bytes arrived than were sent");
        assert_eq!(self.folder.get(PART), None);
        assert_eq!(self.requests, requests);
    }

    fn assert_nothing_left(&self) {
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_whole_transfer() {
    let (packed, file) = noise();
    let (folder, server) = (Folder::empty(), Server::start(&[(NAME, packed.clone())], &[]));
    let mut last = (0, None);
    download(&server.url, &folder.path().join("new/folder"), &[file], &mut |step| match step {
        LoadProgress::Downloading { file: NAME, done, total } => {
            assert!(done > last.0 && folder.get("new/folder/noise.gz").is_none());
            last = (done, total);
        }
        other => panic!("unexpected {other:?}"),
    })
    .unwrap();
    assert_eq!(last, (packed.len() as u64, Some(packed.len() as u64)));
    assert_eq!(folder.get("new/folder/noise.gz"), Some(packed));
}

#[test]
fn a_cut_off_transfer_goes_on_where_it_stopped() {
    let all = noise().0.len();
    run(&[Reply::Cut(50_000), Reply::Cut(30_000)], &[]).assert_done(&[
        (None, 50_000),
        (Some(50_000), 30_000),
        (Some(80_000), all - 80_000),
    ]);
}

#[test]
fn the_next_run_goes_on_too() {
    let packed = noise().0;
    run(&[], &packed[..70_000]).assert_done(&[(Some(70_000), packed.len() - 70_000)]);
}

#[test]
fn a_server_that_ignores_range_starts_again() {
    let packed = noise().0;
    let all = packed.len();
    run(&[Reply::IgnoreRange], &packed[..70_000]).assert_done(&[(Some(70_000), all)]);
    run(&[Reply::Cut(10), Reply::IgnoreRange], &[]).assert_done(&[(None, 10), (Some(10), all)]);
}

#[test]
fn an_old_part_of_something_else_is_thrown_away() {
    let all = noise().0.len();
    run(&[], &[7; 1000]).assert_done(&[(Some(1000), all - 1000), (None, all)]);
    run(&[], &vec![7; all + 9]).assert_done(&[(Some(all + 9), 0), (None, all)]);
}

#[test]
fn a_server_error_in_between_is_waited_out() {
    let all = noise().0.len();
    run(&[Reply::Cut(10), Reply::Status(503)], &[]).assert_done(&[(None, 10), (Some(10), 0), (Some(10), all - 10)]);
}

#[test]
fn of_several_downloads_at_once_one_writes() {
    let (packed, file) = noise();
    let (folder, server) = (Folder::empty(), Server::start(&[(NAME, packed.clone())], &[Reply::Slow; 8]));
    let results: Vec<_> = std::thread::scope(|scope| {
        let run = || download(&server.url, folder.path(), &[file], &mut |_| ());
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results, vec![Ok(()); 8]);
    assert!(folder.get(NAME) == Some(packed), "other bytes arrived than were sent");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert!(server.requests().len() > 1, "they did not overlap");
}

/// Environment variables the server's address and the folder for a process of
/// [`of_several_processes_at_once_one_writes`].
const CHILD: &str = "FOLDNET_TEST_DOWNLOAD";

/// Like the above, but with separate processes, each running this test again.
#[test]
fn of_several_processes_at_once_one_writes() {
    if let Ok(told) = std::env::var(CHILD) {
        let (url, folder) = told.split_once('|').unwrap();
        println!("ready");
        // Waits until all have started.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return download(url, folder.as_ref(), &[noise().1], &mut |_| ()).unwrap();
    }
    let packed = noise().0;
    let (folder, server) = (Folder::empty(), Server::start(&[(NAME, packed.clone())], &[Reply::Slow; 8]));
    let told = format!("{}|{}", server.url, folder.path().display());
    let mut children: Vec<_> = (0..4).map(|_| start_child(&told)).collect();
    children.iter_mut().for_each(|(child, _)| drop(child.stdin.take()));
    let ended: Vec<_> = children.iter_mut().map(|(child, _)| child.wait().unwrap().success()).collect();
    assert_eq!(ended, [true; 4]);
    assert!(folder.get(NAME) == Some(packed), "other bytes arrived than were sent");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert!(server.requests().len() > 1, "they did not overlap");
}

/// A process that is about to download, and what it says.
fn start_child(told: &str) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "download::of_several_processes_at_once_one_writes", "--nocapture"]).env(CHILD, told);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    assert!(said.by_ref().lines().map_while(Result::ok).any(|line| line.contains("ready")));
    (child, said)
}

#[test]
fn a_lock_that_a_killed_program_left_stops_nobody() {
    let (packed, file) = noise();
    let (folder, server) = (Folder::empty(), Server::start(&[(NAME, packed.clone())], &[]));
    folder.put("noise.gz.lock", b"");
    download(&server.url, folder.path(), &[file], &mut |_| ()).unwrap();
    assert!(folder.get(NAME) == Some(packed) && folder.get("noise.gz.lock").is_none());
}

#[test]
fn a_wrong_hash_deletes_what_came() {
    let (packed, file) = noise();
    let outcome = run_with(packed, RemoteFile { sha256: &"0".repeat(64).leak()[..], ..file }, &[], &[]);
    let text = outcome.result.as_ref().unwrap_err().to_string();
    assert!(text.contains("was deleted (SHA-256 of the contents") && text.contains(NAME), "{text}");
    assert!(matches!(
        &outcome.result,
        Err(DataError::File { problem: Problem::FashionMnist(FashionMnistProblem::BadDownload { .. }), .. })
    ));
    outcome.assert_nothing_left();
}

#[test]
fn a_portal_page_is_not_taken_for_the_file() {
    let outcome = run_with(b"<html>Please log in".to_vec(), noise().1, &[], &[]);
    let text = outcome.result.as_ref().unwrap_err().to_string();
    assert!(text.contains("was deleted (is named .gz but is not gzip)"), "{text}");
    outcome.assert_nothing_left();
}

#[test]
fn a_missing_file_says_404() {
    let outcome = run(&[Reply::Status(404)], &[]);
    let error = outcome.result.as_ref().unwrap_err();
    assert!(matches!(error, DataError::Refused { status: 404, .. }) && error.is_unavailable(), "{error}");
    assert_eq!(outcome.requests.len(), 1);
    outcome.assert_nothing_left();
}

#[test]
fn a_line_that_breaks_off_again_and_again_is_given_up() {
    let outcome = run(&[Reply::Cut(10), Reply::Cut(0), Reply::Cut(0), Reply::Cut(0), Reply::Cut(0)], &[]);
    let error = outcome.result.unwrap_err();
    assert!(matches!(error, DataError::BrokenOff { done: 10, .. }) && error.is_unavailable(), "{error}");
    assert_eq!(outcome.folder.get(PART).map(|part| part.len()), Some(10));
}

#[test]
fn a_server_that_sends_a_few_bytes_per_connection_is_given_up() {
    let outcome = run(&[Reply::Cut(1); 20], &[]);
    assert!(matches!(outcome.result, Err(DataError::BrokenOff { done: 4, .. })), "{:?}", outcome.result);
    assert_eq!(outcome.requests.len(), 4);
}

#[test]
fn a_server_that_never_stops_fills_no_disk() {
    let (_, file) = noise();
    let outcome = run_with(vec![7; 100 << 20], file, &[Reply::NoLength], &[]);
    let text = outcome.result.as_ref().unwrap_err().to_string();
    assert!(text.contains("was deleted (longer than the 200000 bytes it unpacks to)"), "{text}");
    outcome.assert_nothing_left();
    // A stream that unpacks to a thousand times the size is not hashed to its end.
    let bomb = gzip(&vec![0; 4 << 20]);
    assert!(bomb.len() < 200_000);
    let outcome = run_with(bomb, file, &[], &[]);
    assert!(matches!(
        &outcome.result,
        Err(DataError::File { problem: Problem::FashionMnist(FashionMnistProblem::BadDownload { .. }), .. })
    ));
    outcome.assert_nothing_left();
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let (packed, file) = noise();
    let (folder, server) = (Folder::empty(), Server::start(&[(NAME, packed)], &[]));
    folder.put("file", b"in the way");
    let error = download(&server.url, &folder.path().join("file"), &[file], &mut |_| ()).unwrap_err();
    assert!(matches!(error, DataError::File { problem: Problem::Unwritable(_), .. }), "{error}");
}

/// A search that finds nothing on this machine, but may download from `url`.
fn search(cache: &Folder, url: String) -> Search {
    Search { chosen: None, cache: Some(cache.path().into()), system: vec![cache.path().join("none")], url }
}

/// The address of a port that nobody listens on.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[test]
fn offline_fails_fast_and_names_the_ways_out() {
    let (cache, start) = (Folder::empty(), Instant::now());
    // A part from an earlier run changes nothing.
    cache.put("train-images-idx3-ubyte.gz.part", b"some");
    let error =
        load_with(&Source::FashionMnist, &Options::default(), &search(&cache, nobody()), &mut |_| ()).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(matches!(error, DataError::Offline { .. }) && error.is_unavailable());
    let text = error.to_string();
    for way in ["apt-get install dataset-fashion-mnist", "--dataset DIR", "FOLDNET_DATA", "--dataset synthetic"] {
        assert!(text.contains(way), "{way} is not in: {text}");
    }
    assert!(!text.contains('\n'));
}

#[test]
fn without_a_cache_folder_there_is_no_download() {
    let nowhere = Search { cache: None, ..search(&Folder::empty(), nobody()) };
    assert_eq!(load_with(&Source::FashionMnist, &Options::default(), &nowhere, &mut |_| ()), Err(DataError::NoCache));
}

#[test]
fn a_chosen_folder_is_the_only_one_looked_at() {
    let folder = Folder::empty();
    let chosen = Search { chosen: Some(folder.path().into()), ..search(&folder, nobody()) };
    let error = load_with(&Source::FashionMnist, &Options::default(), &chosen, &mut |_| ()).unwrap_err();
    assert!(matches!(error, DataError::File { problem: Problem::Missing, .. }) && !error.is_unavailable());
}

#[test]
fn a_test_downloads_the_test_files_once() {
    let files = [TEST_IMAGES, TEST_LABELS].map(|name| (name, std::fs::read(genuine().join(name)).unwrap()));
    let (cache, server) = (Folder::empty(), Server::start(&files, &[]));
    let search = search(&cache, server.url.clone());
    for _ in 0..2 {
        let set = load_test_with(&Source::FashionMnist, &Options::default(), &search, &mut |_| ()).unwrap();
        assert_eq!((set.name.as_str(), set.examples.len()), ("fashion-mnist", 10_000));
    }
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [format!("/{TEST_IMAGES}"), format!("/{TEST_LABELS}")]);
}
