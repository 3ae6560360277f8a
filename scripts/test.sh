#!/bin/sh
# Run all tests in two lanes side by side; what the second one printed follows at the end.
# First lane: SQLite, the browser last (tests/conftest.py), when it mostly has the machine for itself.
# Second lane: PostgreSQL, then those on SQLite that know little of the apps.
# usage: test.sh MAKE PYTHON
set -u
make=$1
python=$2
second="tests/canary tests/ground tests/live tests/simulator tests/vault"

# Both lanes would install the same packages of the system at the same time.
"$python" -c 'from tests.services import chromium, dovecot; chromium.executable(), dovecot.executable()'

second_lane() {
    status=0
    "$make" --no-print-directory test-postgres || status=1
    # shellcheck disable=SC2086
    "$python" -m pytest -m "not postgres_only" $second || status=1
    return "$status"
}

printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
second_lane >"$printed" 2>&1 &
beside=$!
left_out=$(for folder in $second; do printf ' --ignore=%s' "$folder"; done)
# shellcheck disable=SC2086
"$python" -m pytest -m "not postgres_only" $left_out
status=$?
wait "$beside" || status=1
echo "--- the second lane"
cat "$printed"
[ "$status" = 0 ]
