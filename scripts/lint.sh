#!/bin/sh
# Run every static check and report all that fail, not only the first. usage: lint.sh PATH…
set -u
: "${BIN:=.venv/bin}"
failed=""
VAR_DIR=$(mktemp -d)
export VAR_DIR
trap 'rm -rf "$VAR_DIR"' EXIT INT TERM

check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        echo "$output"
        failed="$failed $name"
    fi
}

check format "$BIN/ruff" format --check "$@"
check rules "$BIN/ruff" check "$@"
check types "$BIN/mypy" "$@"
check imports "$BIN/lint-imports"
check template-format "$BIN/djlint" --check --quiet templates
check template-rules "$BIN/djlint" --lint --quiet templates
check migrations "$BIN/python" manage.py makemigrations --check --dry-run
check translations "$BIN/python" scripts/messages.py check
check vendor "$BIN/python" scripts/vendor.py --check

[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
