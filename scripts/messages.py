"""Keep the German texts complete: collect, compile and check them without GNU gettext.

`update` brings locale/de up to date with code and templates and compiles it; `check` fails when a text is
missing, doubtful, left over, has other placeholders than its source, or was not compiled. The compiled
file is part of the repository, because whoever starts the demo has neither gettext nor development tools.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
CODE = ("sprechstunde", "sessions_app", "routing")
WITHOUT_TRANSLATION = ROOT / "sprechstunde" / "simulator"  # speaks German only

# function → positions of context, text and plural among its arguments
FUNCTIONS = {
    "gettext": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
CALL_IN_TEMPLATE = re.compile(r"\b(_|n?p?gettext)\(")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
METADATA = {
    "Project-Id-Version": "Sprechstunde",
    "Language": "de",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}


class Text(NamedTuple):
    """A translatable text: what identifies it in the catalogue."""

    context: str | None
    source: str
    plural: str | None


def function_names(tree: ast.Module) -> dict[str, str]:
    """How a module calls Django's functions: `_` → `gettext`."""
    names = {name: name for name in FUNCTIONS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            for alias in node.names:
                base = alias.name.removesuffix("_lazy")
                if base in FUNCTIONS:
                    names[alias.asname or alias.name] = base
    return names


def from_calls(tree: ast.AST, names: dict[str, str]) -> Iterator[Text]:
    """Every text that is given literally to one of Django's functions."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _identifier(node.func)
        base = names.get(name, name.removesuffix("_lazy"))
        if base in FUNCTIONS and (text := _text(node.args, base)):
            yield text


def _identifier(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _text(arguments: list[ast.expr], function: str) -> Text | None:
    literals = [
        node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
        for node in arguments
    ]

    def at(position: int | None) -> str | None:
        return None if position is None or position >= len(literals) else literals[position]

    context, source, plural = (at(position) for position in FUNCTIONS[function])
    return Text(context, source, plural) if source else None


def in_code(path: Path) -> Iterator[Text]:
    tree = ast.parse(path.read_text("utf-8"))
    yield from from_calls(tree, function_names(tree))


def in_template(path: Path) -> Iterator[Text]:
    """Texts of a template, from the calls that Django itself makes of it for xgettext."""
    calls = templatize(path.read_text("utf-8"), origin=str(path))
    for match in CALL_IN_TEMPLATE.finditer(calls):
        if tree := _first_expression(calls[match.start() :]):
            yield from from_calls(tree, {"_": "gettext"})


def _first_expression(source: str) -> ast.AST | None:
    """The call that `source` starts with; its end is the first bracket that makes it valid."""
    for match in re.finditer(r"\)", source):
        try:
            return ast.parse(source[: match.end()])
        except SyntaxError:
            continue
    return None


def collected() -> dict[Text, set[str]]:
    """All texts of code and templates, with the files that they stand in."""
    settings.configure(USE_I18N=True)
    found: dict[Text, set[str]] = {}
    sources = [(path, in_code) for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    sources += [(path, in_template) for path in sorted((ROOT / "templates").rglob("*.*"))]
    for path, reader in sources:
        if not path.is_relative_to(WITHOUT_TRANSLATION):
            for text in reader(path):
                found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
    return found


def catalogue() -> polib.POFile:
    """The German catalogue, or an empty one."""
    return polib.pofile(str(CATALOGUE), wrapwidth=110) if CATALOGUE.is_file() else polib.POFile()


def identity(entry: polib.POEntry) -> Text:
    return Text(entry.msgctxt, entry.msgid, entry.msgid_plural or None)


def update() -> int:
    """Write the catalogue anew: kept translations, new texts empty, left-over ones gone."""
    known = {identity(entry): entry for entry in catalogue() if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = METADATA
    for text, files in sorted(collected().items(), key=lambda item: (min(item[1]), item[0].source)):
        entry = known.get(text) or polib.POEntry(
            msgctxt=text.context, msgid=text.source, msgid_plural=text.plural or ""
        )
        if text.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(name, "") for name in sorted(files)]
        formatted = ["python-format"] if "%(" in text.source else []
        entry.flags = formatted + [flag for flag in entry.flags if flag == "fuzzy"]
        fresh.append(entry)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(CATALOGUE))
    CATALOGUE.with_suffix(".mo").write_bytes(fresh.to_binary())
    open_texts = [entry for entry in fresh if not entry.translated()]
    print(f"{len(fresh)} texts, {len(open_texts)} without a German translation")
    return 0


def faults() -> Iterator[str]:
    """Everything that keeps the German texts from being complete and right."""
    po = catalogue()
    present = collected()
    known = {identity(entry): entry for entry in po if not entry.obsolete}
    for text in present:
        if text not in known:
            yield f"not in the catalogue: {text.source!r} ({min(present[text])})"
    for text, entry in known.items():
        yield from (
            f"{fault}: {text.source!r}" for fault in entry_faults(entry, used=text in present)
        )
    compiled = CATALOGUE.with_suffix(".mo")
    if not compiled.is_file() or compiled.read_bytes() != po.to_binary():
        yield f"{compiled.relative_to(ROOT)} is not what the catalogue compiles to"


def entry_faults(entry: polib.POEntry, *, used: bool) -> Iterator[str]:
    """What is wrong with one translation."""
    if not used:
        yield "no longer used"
    if entry.fuzzy:
        yield "marked as fuzzy"
    elif not entry.translated():
        yield "not translated"
    elif not _same_placeholders(entry):
        yield "other placeholders than its source"


def _same_placeholders(entry: polib.POEntry) -> bool:
    """A plural's forms may leave out the number, but name nothing that the source does not."""
    sources = set(PLACEHOLDER.findall(f"{entry.msgid} {entry.msgid_plural or ''}"))
    if entry.msgid_plural:
        return all(
            set(PLACEHOLDER.findall(text)) <= sources for text in entry.msgstr_plural.values()
        )
    return set(PLACEHOLDER.findall(entry.msgstr)) == sources


def check() -> int:
    found = list(faults())
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("Run `make messages`, then translate in locale/de.", file=sys.stderr)
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("update", "check"))
    return {"update": update, "check": check}[parser.parse_args().command]()


if __name__ == "__main__":
    sys.exit(main())
