#!/bin/sh
# Run all tests in two lanes, as on most machines one core would sleep; what the second printed comes last.
# usage: test.sh MAKE PYTHON
set -u
make=$1
python=$2

# Both lanes would install the same packages of the system at the same time.
"$python" -c 'from tests.services import chromium, dovecot; chromium.executable(), dovecot.executable()'

beside() {
    status=0
    for part in test-postgres test-processes; do
        echo "--- $part"
        "$make" --no-print-directory "$part" || status=1
    done
    return "$status"
}

printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
beside >"$printed" 2>&1 &
lane=$!
"$make" --no-print-directory test-sqlite
status=$?
wait "$lane" || status=1
cat "$printed"
[ "$status" = 0 ]
