"""Runs programs for the scripts that measure, and reads the JSON object that they print."""
import json
import os
import subprocess
import sys

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
