"""Finds Node and installs an npm client into a directory, for tests that drive it unmodified."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def executable() -> str:
    """Node's path; skips the test with a visible reason where there is none, fails in CI."""
    return _required("node")


def install(package: str, into: Path) -> None:
    """`npm install` one `name@version` into `into`, without running its install scripts."""
    command = [_required("npm"), "install", "--silent", "--no-audit", "--no-fund"]
    subprocess.run(
        [*command, "--ignore-scripts", "--prefix", str(into), package],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _required(program: str) -> str:
    if path := shutil.which(program):
        return path
    reason = f"{program} is not installed: the npm client is not tested"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
