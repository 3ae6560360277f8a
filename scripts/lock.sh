#!/bin/sh
# Compile the requirements for every platform and Python that we support; dev follows what runs.
set -eu
for name in requirements requirements-dev; do
    # An index or link directory of this machine must not reach the files.
    env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL "${UV:-uv}" pip compile --quiet --upgrade \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" "$name.in" -o "$name.txt"
done
