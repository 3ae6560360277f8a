"""Finds a Chromium for browser tests: an installed one, else Debian's package, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """The path of a system Chromium, installing Debian's where root may; None where there is none."""
    return _installed() or (_installed() if _install_debian_package() else None)


def _installed() -> str | None:
    return next((path for name in INSTALLED if (path := shutil.which(name))), None)


def _install_debian_package() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    steps = (["apt-get", "update", "-qq"], install)
    return all(
        subprocess.run(step, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        == 0
        for step in steps
    )


def _download_playwrights() -> None:
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def flags() -> list[str]:
    """Command line flags; Chromium's sandbox does not work for root."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS


@contextmanager
def _database_beside_event_loop() -> Iterator[None]:
    """Let a test look into the database although Playwright's event loop runs in its thread."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        yield
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium for as long as the block runs.

    Playwright keeps an event loop in this thread meanwhile: `async_to_sync` does not work inside.
    """
    path = executable()
    if path is None:
        _download_playwrights()
    with _database_beside_event_loop(), sync_playwright() as playwright:
        expect.set_options(timeout=40_000)
        chromium = playwright.chromium.launch(executable_path=path, args=flags(), timeout=120_000)
        try:
            yield chromium
        finally:
            chromium.close()
