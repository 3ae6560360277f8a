#!/bin/sh
# Run all tests, those on PostgreSQL beside those on SQLite; what the former printed follows at the end.
# usage: test.sh MAKE PYTHON
set -u
make=$1
python=$2

# Both runs would install the same packages of the system at the same time.
"$python" -c 'from tests.services import chromium, dovecot; chromium.executable(), dovecot.executable()'

printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
"$make" --no-print-directory test-postgres >"$printed" 2>&1 &
beside=$!
# The browser comes last (tests/conftest.py), so that it mostly has the machine for itself.
"$make" --no-print-directory test-sqlite
status=$?
wait "$beside" || status=1
echo "--- on PostgreSQL"
cat "$printed"
[ "$status" = 0 ]
