//! A headless browser: how it renders a page, and what it reports on the console.

use crate::tool::Folder;
use serde_json::Value;
use std::process::Command;

/// A page that inspects `report.html` in a frame.
const PROBE: &str = include_str!("probe.html");

/// Names of the Chromium executable.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Color scheme preference of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// A page after it has been opened.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The corresponding browser option.
    pub(crate) dom: String,
    /// Lines on its console.
    pub(crate) console: Vec<String>,
}

/// Opens a file of `folder`; its scripts may read files in the same folder.
pub(crate) fn show(folder: &Folder, file: &str, scheme: Scheme) -> Shown {
    let profile = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(browser());
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]);
    command.args([
        "--disable-extensions",
        "--disable-background-networking",
        "--allow-file-access-from-files",
        "--enable-logging=stderr",
    ]);
    command.arg(format!("--blink-settings=preferredColorScheme={}", u8::from(scheme == Scheme::Light)));
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg("--dump-dom").arg(format!("file://{}", folder.path(file).display()));
    let output = command.output().expect("the browser starts");
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && dom.contains("</html>"), "{command:?}: {log}");
    let console = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Shown { dom: dom.into_owned(), console }
}

/// The probe's findings in `report.html` of `folder`; the console must stay empty.
pub(crate) fn probe(folder: &Folder, scheme: Scheme) -> Value {
    folder.write("probe.html", PROBE.as_bytes());
    let shown = show(folder, "probe.html", scheme);
    assert!(shown.console.is_empty(), "{:?}", shown.console);
    let found = shown.dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let found = found.map(|(found, _)| unescaped(found)).unwrap_or_default();
    serde_json::from_str(&found).unwrap_or_else(|error| panic!("the probe found nothing ({error}): {found:?}"))
}

/// Unescapes text in Chromium's HTML output.
fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

fn browser() -> &'static str {
    let runs = |name: &&str| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let found = NAMES.into_iter().find(runs);
    found.unwrap_or_else(|| panic!("no Chromium under any of {NAMES:?}; apt-get install chromium"))
}

/// Checks that console output is captured at all; otherwise an empty console would prove nothing.
#[test]
fn a_page_that_misbehaves_is_found_out() {
    let folder = Folder::new();
    let policy =
        r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'">"#;
    let page = |body: &str| format!("<!doctype html><html><head>{policy}</head><body>{body}</body></html>");
    folder.write("loud.html", page("<script>console.error('loud')</script>").as_bytes());
    folder.write("fetching.html", page("<img src='picture.png'>").as_bytes());
    folder.write("quiet.html", page("<p>quiet</p>").as_bytes());
    let console = |file: &str| show(&folder, file, Scheme::Light).console;
    assert!(console("loud.html").iter().any(|line| line.contains("loud")));
    assert!(console("fetching.html").iter().any(|line| line.contains("Content Security Policy")));
    assert_eq!(console("quiet.html"), [""; 0]);
}
