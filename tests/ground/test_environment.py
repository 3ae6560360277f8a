"""Settings come from the environment or from files that it names."""

from pathlib import Path

import pytest

from sprechstunde.environment import env


def test_secret_from_a_file_has_no_line_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("secret\n")
    monkeypatch.setenv("GROUND_TOKEN_FILE", str(tmp_path / "token"))

    assert env.str("GROUND_TOKEN", default="") == "secret"


def test_setting_that_is_nowhere_has_its_default() -> None:
    assert env.str("GROUND_NOWHERE", default="default") == "default"


@pytest.mark.parametrize(
    ("name", "secret"), [("GROUND_A", "$ecret"), ("GROUND_B", "a$b"), ("GROUND_C", r"a\b")]
)
def test_dollar_is_a_character_like_any_other(
    monkeypatch: pytest.MonkeyPatch, name: str, secret: str
) -> None:
    monkeypatch.setenv(name, secret)

    assert env.str(name, default="") == secret
    assert env.list(name, default=[]) == [secret]
