#!/bin/sh
# Install one hashed requirements file into a virtual environment, creating it if need be.
# usage: venv.sh DIRECTORY REQUIREMENTS
set -eu
venv=$1
requirements=$2

fitting_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null 2>&1 \
            && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 is needed; none was found (set PYTHON=/path/to/python)." >&2
    exit 1
}

debian_root() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

if [ ! -x "$venv/bin/pip" ]; then
    python=$(fitting_python)
    # Debian ships ensurepip in a package of its own.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        debian_root || { echo "The module venv is missing: apt-get install python3-venv" >&2; exit 1; }
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    fi
    echo "Creating $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi
echo "Installing $requirements"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
