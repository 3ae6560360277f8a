"""Fetch the browser files we ship from npm, unmodified, and prove later that they still are.

`vendor.py` refreshes `static/vendor/` (needs npm); `vendor.py --check` compares every file with the record
and works offline. The record is `static/vendor/VENDOR.toml`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
RECORD = "VENDOR.toml"


@dataclass(frozen=True)
class Package:
    """One npm package: which version, under which licence, and the files of it that we serve."""

    folder: str
    name: str
    version: str
    licence: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        folder="kern",
        name="@kern-ux/native",
        version="2.7.2",
        # The fonts inside are Fira Sans, OFL-1.1; the package itself does not say so.
        licence="EUPL-1.2 AND OFL-1.1",
        files=(
            "LICENSE.md",
            "dist/kern.min.css",
            "dist/fonts/fira-sans/FiraSans-Regular.woff2",
            "dist/fonts/fira-sans/FiraSans-Medium.woff2",
            "dist/fonts/fira-sans/FiraSans-SemiBold.woff2",
            "dist/fonts/fira-sans/FiraSans-Bold.woff2",
        ),
    ),
    Package(
        folder="htmx",
        name="htmx.org",
        version="4.0.1",
        licence="0BSD",
        files=("LICENSE", "dist/htmx.min.js", "dist/ext/hx-sse.min.js"),
    ),
)


class VendorError(Exception):
    """The files do not match their record, or npm did not deliver what was asked for."""


def pack(package: Package, into: Path) -> Path:
    """Download one package's tarball with npm, which checks it against the registry's integrity."""
    command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)
    tarballs = list(into.glob("*.tgz"))
    if len(tarballs) != 1:
        raise VendorError(f"npm pack {package.name} left {len(tarballs)} tarballs")
    return tarballs[0]


def integrity(tarball: Path) -> str:
    """Subresource-integrity form of SHA-512, as npm's lock files write it."""
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    return "sha512-" + base64.b64encode(digest).decode()


def extract(package: Package, tarball: Path, folder: Path) -> None:
    with tarfile.open(tarball) as archive:
        for name in package.files:
            member = archive.extractfile(f"package/{name}")
            if member is None:
                raise VendorError(f"{package.name}: {name} is not a file")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(member.read())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(package: Package, tarball_integrity: str, folder: Path) -> str:
    """One package's part of the record, as TOML."""
    head = {
        "folder": package.folder,
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "integrity": tarball_integrity,
    }
    lines = [
        "[[package]]",
        *(f'{key} = "{value}"' for key, value in head.items()),
        "",
        "[package.files]",
    ]
    lines += [f'"{name}" = "{sha256(folder / name)}"' for name in package.files]
    return "\n".join(lines)


def refresh() -> None:
    """Replace every package's folder by what npm delivers now, and write the record anew."""
    entries = ["# Written by scripts/vendor.py; `make vendor` refreshes, `make lint` checks."]
    for package in PACKAGES:
        folder = VENDOR / package.folder
        with tempfile.TemporaryDirectory() as scratch:
            tarball = pack(package, Path(scratch))
            shutil.rmtree(folder, ignore_errors=True)
            extract(package, tarball, folder)
            entries.append(entry(package, integrity(tarball), folder))
    (VENDOR / RECORD).write_text("\n\n".join(entries) + "\n", encoding="utf-8")


def deviations(vendor: Path) -> Iterator[str]:
    """What differs between the files on disk and the record: changed, missing or unrecorded."""
    record = tomllib.loads((vendor / RECORD).read_text(encoding="utf-8"))
    for package in record["package"]:
        folder = vendor / package["folder"]
        present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        for name, expected in package["files"].items():
            if name not in present:
                yield f"{folder / name}: missing"
            elif sha256(folder / name) != expected:
                yield f"{folder / name}: changed"
        for name in sorted(present - set(package["files"])):
            yield f"{folder / name}: not in {RECORD}"


def check() -> int:
    found = list(deviations(VENDOR))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the record, offline")
    if parser.parse_args().check:
        return check()
    refresh()
    return check()


if __name__ == "__main__":
    sys.exit(main())
