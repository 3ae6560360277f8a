"""Joins the lines that a mail program broke for transport (RFC 3676, format=flowed)."""


def unwrap(text: str, *, delsp: bool) -> str:
    """Return the text with its paragraphs on one line each; quotes keep their depth as "> "."""
    done: list[str] = []
    open_depth = -1  # of a paragraph that goes on
    for line in text.replace("\r\n", "\n").split("\n"):
        depth, content = _unquoted(line)
        if open_depth == depth and content != "-- ":
            done[-1] += content
        else:
            done.append("> " * depth + content)
        flows = content.endswith(" ") and content != "-- "
        if flows and delsp:
            done[-1] = done[-1][:-1]
        open_depth = depth if flows else -1
    return "\n".join(done)


def _unquoted(line: str) -> tuple[int, str]:
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")
