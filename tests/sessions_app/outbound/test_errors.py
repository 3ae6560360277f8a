"""Every code of Meta's list has a class, and every failure a sentence that says what to do."""

import pytest
from django.utils import translation

from sessions_app.whatsapp import errors

# Meta's page of error codes, as the classes of our own decisions.
REJECTED = {4, 80007, 130429, 131056, 132069, 133016}
AMBIGUOUS = {1, 2, 131000, 131016, 131057, 133000, 133004}
MISCONFIGURED = {
    *(0, 3, 10, 190, 200, 299, 368, 131005, 131030, 131031, 131037, 131042, 131045, 131063),
    *(131064, 131065, 131070, 133005, 133006, 133008, 133009, 133010, 133015, 134011, 134100),
    *(134101, 134102),
}
REFUSED = {
    *(33, 100, 130403, 130472, 130497, 131008, 131009, 131020, 131021, 131026, 131035, 131036),
    *(131047, 131048, 131049, 131050, 131051, 131052, 131053, 131055, 131061, 131062, 132000),
    *(132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 135000, 137000),
}
CLASSES = [
    *((code, errors.Rejected) for code in sorted(REJECTED)),
    *((code, errors.Ambiguous) for code in sorted(AMBIGUOUS)),
    *((code, errors.Misconfigured) for code in sorted(MISCONFIGURED)),
    *((code, errors.Refused) for code in sorted(REFUSED)),
]


@pytest.mark.parametrize(("code", "kind"), CLASSES)
def test_code_decides_whatever_the_status(code: int, kind: type[errors.WhatsAppError]) -> None:
    found = [errors.of_answer(status, code) for status in (400, 401, 403, 500, 503)]

    assert {(type(error), error.code) for error in found} == {(kind, code)}


@pytest.mark.parametrize("code", [code for code, _ in CLASSES] + [None, 987654])
def test_explanation_is_a_sentence(code: int | None) -> None:
    with translation.override("en"):
        sentence = errors.explanation(code)

    assert sentence.endswith(".")
    assert "%" not in sentence


def test_explanation_names_the_cause_for_the_administration() -> None:
    with translation.override("en"):
        assert "token has expired" in errors.explanation(190)


def test_explanation_of_a_closed_window_speaks_of_24_hours() -> None:
    with translation.override("en"):
        assert "24 hours" in errors.explanation(131047)
