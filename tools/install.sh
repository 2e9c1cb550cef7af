#!/usr/bin/env bash
# Brings what `make` needs onto a machine that has only Python 3.11:
#   install.sh base     .venv with what the program needs (requirements/base.txt)
#   install.sh dev      .venv with what tests and linters need as well (requirements/dev.txt)
#   install.sh browser  Debian's chromium, for the browser tests
# Each is done again only when it has to be.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
die() { printf '\n*** %s\n\n' "$*" >&2; exit 1; }

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    # The lists of a fresh machine may be empty or old.
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    }
    rm -f "$log"
}

make_environment() {
    [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null && return
    [ -n "${PYTHON:-}" ] || die "There is no python3 on this machine. Afterward needs Python 3.11 or newer."
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Afterward needs Python 3.11 or newer, and $PYTHON is $("$PYTHON" --version). PYTHON=… names another."
    if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        may_install || die "Python's venv is missing. Install it with: sudo apt-get install python3-venv"
        say "Installing python3-venv …"
        apt_install python3-venv || die "python3-venv could not be installed."
    fi
    say "Making the virtual environment .venv …"
    rm -rf .venv
    "$PYTHON" -m venv .venv || die "The virtual environment could not be made."
}

# A counter instead of pip's own pages of output.
count() {
    local found=0 line
    while read -r line; do
        case "$line" in
            Collecting* | Processing* | Requirement\ already*) found=$((found + 1)) && printf '\r  %d of %d found ' "$found" "$1" ;;
            Installing\ collected*) printf '\r  unpacking %d …     ' "$1" ;;
        esac
    done
    printf '\r                        \r'
}

install_requirements() {
    local lock="requirements/$1.txt" stamp=".venv/installed" wanted
    wanted="$1 $(sha256sum <"$lock")"
    # What `dev` installed holds `base` as well.
    if [ -f "$stamp" ] && grep -qxF -e "$wanted" "$stamp"; then return; fi
    local total
    total=$(grep -c '==' "$lock")
    say "Installing $total packages …"
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes --prefer-binary --requirement "$lock" |
        count "$total" >&2 ||
        die "The packages could not be installed: see above. Afterward needs a package index within reach."
    printf '%s\n' "$wanted" >"$stamp"
    [ "$1" = base ] || printf 'base %s\n' "$(sha256sum <requirements/base.txt)" >>"$stamp"
}

find_browser() {
    [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null
}

install_browser() {
    find_browser && return
    if may_install; then
        say "Installing chromium for the browser tests …"
        apt_install chromium fonts-dejavu-core fonts-liberation && return
    fi
    say "*** NO BROWSER: the browser tests will NOT run. Install Debian's chromium, or name one in CHROMIUM."
}

case "${1:-}" in
    base | dev) make_environment && install_requirements "$1" ;;
    browser) install_browser ;;
    *) die "usage: $0 base|dev|browser" ;;
esac
