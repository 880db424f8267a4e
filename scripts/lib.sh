# What the scripts share: finding the top of the project, and installing Debian packages where that is possible.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '\n== %s\n' "$*" >&2; }

# Runs a command as root, or fails without asking for a password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
    done
}

# Installs the named packages that are missing. Fails where there is no apt, no root, no network.
apt_install() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 1
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" = 0 ] && return 0
    as_root true 2>/dev/null || return 1
    say "installing ${missing[*]}"
    # A list that is partly out of reach may still know the packages.
    as_root apt-get update -qq >&2 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

dataset_folder=/usr/share/datasets/fashion-mnist
