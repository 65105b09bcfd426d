#!/usr/bin/env bash
# Make .venv with a Python that is new enough, whichever way this machine offers.
# Usage: tools/make_venv.sh PYTHON DIR
set -u
python=$1
folder=$2

fail() {
    printf 'make: %s\n' "$@" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "no $python found" \
    "install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or say make PYTHON=/path/to/python"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
    "$python is $("$python" --version 2>&1), but Python 3.11 or newer is needed: say make PYTHON=/path/to/python"

if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    exec "$python" -m venv "$folder"
fi
# Debian splits ensurepip off into python3-venv; the tools below do without it.
if command -v uv >/dev/null 2>&1; then
    exec uv venv --quiet --seed --python "$python" "$folder"
fi
if "$python" -m virtualenv --version >/dev/null 2>&1; then
    exec "$python" -m virtualenv --quiet "$folder"
fi
if "$python" -m pip --version >/dev/null 2>&1 && "$python" -c 'import venv' 2>/dev/null; then
    "$python" -m venv --without-pip "$folder" &&
        exec "$python" -m pip --quiet --python "$folder/bin/python" install pip
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
fail "$python cannot make a virtual environment: its ensurepip module is missing" \
    "on Debian and Ubuntu: apt-get install python$version-venv (or python3-venv), then run make again"
