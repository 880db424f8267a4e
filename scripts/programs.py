#!/usr/bin/env python3
"""Runs programs for the scripts that measure, and reads the JSON object that they print; says what measured.

As a program it prints the stamp, for scripts in other languages.
"""
import datetime
import json
import os
import platform
import subprocess
import sys
import textwrap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VARIABLES = {"foldnet": "FOLDNET", "foldnet-sim": "FOLDNET_SIM"}


def program(name):
    """Path of a program of this workspace: from its variable, or as `cargo build --release` leaves it."""
    return os.environ.get(VARIABLES[name], os.path.join(TOP, "target", "release", name))


def run(name, *arguments, expected=None):
    """The JSON object that a program of this workspace prints; `None` if it fails with the `expected` words."""
    return printed(program(name), *arguments, "--json", expected=expected)


def printed(*command, expected=None, progress=False):
    """The JSON object on the last line of a command's output; with `progress`, its messages are shown as they come."""
    script = os.path.basename(sys.argv[0])
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=None if progress else subprocess.PIPE,
                              text=True)
    except OSError as error:
        sys.exit(f"{script}: {command[0]}: {error.strerror}; run cargo build --release -p foldnet -p foldnet-sim")
    if done.returncode and expected and expected in done.stderr:
        return None
    if done.returncode:
        sys.exit(f"{script}: {' '.join(command)}: {((done.stderr or '').strip() or 'failed').splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def said(*command):
    """What a command prints, without the white space around it; empty if it fails or there is no such command."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=TOP).stdout.strip()
    except OSError:
        return ""


def processor():
    """The model of the processor; on x86 also whether it has AVX-512, on which training speed depends."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            text = info.read()
    except OSError:
        text = ""
    lines = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    name = lines[0] if lines else platform.processor() or platform.machine()
    vectors = (" with AVX-512" if " avx512f" in text else " without AVX-512") if "\nflags" in text else ""
    return f"{name}{vectors}, {os.cpu_count()} threads"


def commit():
    """The commit of this folder, and whether anything but a page differs from it."""
    name = said("git", "rev-parse", "--short=12", "HEAD") or "unknown"
    changed = said("git", "status", "--porcelain", "--", ".", ":!docs", ":!README.md")
    return f"{name}, with changes" if changed else name


def stamp():
    """What a measurement was made with, as a paragraph of a page: commit, processor, compiler and date."""
    date = datetime.date.today().isoformat()
    rustc = said("rustc", "-V") or "an unknown compiler"
    return textwrap.fill(f"Measured at commit {commit()}: {processor()}, {rustc}, {date}.", 120, break_on_hyphens=False)


if __name__ == "__main__":
    print(stamp())
