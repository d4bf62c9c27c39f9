#!/usr/bin/env bash
# Run once by Gradescope, when the autograder's image is built: a Python that is new enough, and what the grader needs.
set -eu
root="${AUTOGRADER_ROOT:-/autograder}"

find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

python="$(find_python)"
if [ -z "$python" ]; then
    apt-get update
    for version in 3.12 3.11; do
        if apt-get install -y --no-install-recommends "python$version" "python$version-venv"; then break; fi
    done
    python="$(find_python)"
fi
if [ -z "$python" ]; then
    echo "no Python 3.11 or newer can be installed here: choose a newer base image, such as Ubuntu 24.04" >&2
    exit 1
fi
"$python" -m venv "$root/venv"
"$root/venv/bin/pip" install --quiet --requirement "$root/source/requirements.txt"
# the grader itself is in the zip; its workers find it the same way
"$root/venv/bin/python" -c 'import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "numgrade.pth").write_text(sys.argv[1] + "\n")' "$root/source/engine"
