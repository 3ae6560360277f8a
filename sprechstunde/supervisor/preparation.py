"""What happens before the programs start: directories, migrations, collected static files."""

from __future__ import annotations

import hashlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sprechstunde.supervisor import programs
from sprechstunde.supervisor.children import ROOT, Program, launch, signal_group
from sprechstunde.supervisor.configuration import Configuration

FINGERPRINT = "static.fingerprint"


class PreparationError(Exception):
    """A preparing command failed; what it printed says why."""


def make_directories(var_dir: Path) -> None:
    """`var_dir` and its parts, readable for our own account only."""
    for path in (var_dir, *(var_dir / name for name in ("keys", "media", "static"))):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)


def migrate(configuration: Configuration, stop: threading.Event) -> None:
    run(programs.manage(configuration, "migrate", "--no-input", "--verbosity", "0"), stop)


def collect_static(configuration: Configuration, stop: threading.Event) -> None:
    """Collect and compress the static files, unless they are what was collected last time."""
    record = configuration.var_dir / FINGERPRINT
    present = static_fingerprint()
    if record.is_file() and record.read_text() == present:
        return
    arguments = ("collectstatic", "--no-input", "--clear", "--verbosity", "0")
    run(programs.manage(configuration, *arguments), stop)
    record.write_text(present)


def static_fingerprint() -> str:
    """Changes when one of our static files or a package with static files of its own changes."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in _static_files():
        status = path.stat()
        digest.update(f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _static_files() -> Iterator[Path]:
    folders = [ROOT / "static", *sorted(ROOT.glob("*/static"))]
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def run(program: Program, stop: threading.Event, *, capture: bool = False) -> str:
    """Run a program to its end and return its captured output. Raises PreparationError, also on `stop`."""
    process = launch(program, capture=capture)
    output: list[str] = []
    if capture and process.stdout is not None:
        reader = threading.Thread(target=_keep, args=(process.stdout, output))
    else:
        reader = threading.Thread()
    reader.start()
    while process.poll() is None:
        if stop.wait(0.02):
            signal_group(process, signal.SIGKILL)
    reader.join()
    if process.returncode != 0:
        raise PreparationError(f"{program.name} failed; see above.")
    return "".join(output)


def _keep(lines: IO[str], output: list[str]) -> None:
    with lines:
        output.extend(lines)
