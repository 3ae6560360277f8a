"""Turns an HTML mail into text: quotes get their "> ", links their address, the rest its line breaks."""

import re
from html.parser import HTMLParser
from typing import Final

_SKIPPED: Final = frozenset({"head", "style", "script", "title", "template", "noscript", "svg"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"}
)
_BLOCKS: Final = frozenset(
    {"div", "tr", "li", "blockquote", "section", "article", "header", "footer", "hr", "address"}
)
_VOID: Final = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr", "base", "area"})
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")


def text_of_html(html: str) -> str:
    """Return the readable text; scripts, styles and what is hidden by an attribute are left out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines; each knows how deep it was quoted."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, str]] = []
        self._line = ""
        self._quotes = 0
        self._hidden: list[str] = []  # tags open inside something that is not shown
        self._links: list[tuple[str, int]] = []
        self._preformatted = 0
        self._is_tight = False

    def text(self) -> str:
        self._break()
        lines = [f"{'> ' * depth}{line}".rstrip() for depth, line in self._lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._hidden.clear()  # of a head that nobody closed
        if self._hidden or tag in _SKIPPED or _is_hidden(dict(attrs)):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        if tag == "br":
            self._end_line()
        elif tag in _PARAGRAPHS or tag in _BLOCKS:
            self._break(blank=_has_margin(tag, dict(attrs)))
        self._begin(tag, dict(attrs))

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "li":
            self._line = "- "
        elif tag in {"td", "th"} and self._line.strip():
            self._line += " "
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "p":
            self._is_tight = not _has_margin(tag, attributes)
        elif tag == "a":
            self._links.append((attributes.get("href") or "", len(self._line)))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in _PARAGRAPHS or tag in _BLOCKS:
            self._break(blank=tag in _PARAGRAPHS and not self._is_tight)
            self._is_tight = False
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._preformatted:
            first, *rest = data.replace("\r\n", "\n").split("\n")
            self._line += first
            for line in rest:
                self._end_line()
                self._line = line
            return
        text = _SPACES.sub(" ", data)
        self._line += text.lstrip(" ") if self._line in {"", "- "} else text

    def _end_link(self, href: str, begin: int) -> None:
        """Say where a link leads unless its words do."""
        words = self._line[begin:].strip() if begin <= len(self._line) else ""
        address = href.removeprefix("mailto:").strip()
        if href.startswith(("http://", "https://")) and words and address.rstrip("/") not in {
            words.rstrip("/"), f"http://{words}", f"https://{words}",
        }:  # fmt: skip
            self._line += f" <{address}>"

    def _end_line(self) -> None:
        self._lines.append((self._quotes, self._line.rstrip()))
        self._line = ""

    def _break(self, *, blank: bool = False) -> None:
        """End the line if it says anything; with `blank` leave one line empty."""
        if self._line.strip() not in {"", "-"}:
            self._end_line()
        elif "\xa0" in self._line:  # how Outlook writes an empty line
            self._lines.append((self._quotes, ""))
        self._line = ""
        if blank and self._lines and self._lines[-1][1]:
            self._lines.append((self._quotes, ""))


def _has_margin(tag: str, attributes: dict[str, str | None]) -> bool:
    """Whether a paragraph stands apart; Outlook's do not."""
    style = (attributes.get("style") or "").replace(" ", "").lower()
    is_tight = "Mso" in (attributes.get("class") or "") or "margin:0" in style
    return tag in _PARAGRAPHS and not (tag == "p" and is_tight)


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style or "mso-hide:all" in style
