"""What Meta's errors mean for us: resend, wait for certainty, give up, or repair the set-up.

Classes and codes: chapter "Errors" of Meta's Cloud API pages. Meta promises nothing about the HTTP
status or the title of an error, so its code decides.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

APP_RATE_LIMIT = 4
INVALID_PARAMETER = 100
ACCOUNT_RATE_LIMIT = 80007
THROUGHPUT_LIMIT = 130429
UNDELIVERABLE = 131026
WINDOW_CLOSED = 131047
PAIR_RATE_LIMIT = 131056


class WhatsAppError(Exception):
    """Meta did not do what we asked; `code` is its own, None where it gave none."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class Rejected(WhatsAppError):
    """Certainly not processed, and worth sending again later: rate limits, no connection."""


class Ambiguous(WhatsAppError):
    """It may have been processed: never send it again without a person or a status."""


class Refused(WhatsAppError):
    """Certainly not processed, and never will be as it is."""


class NotFound(Refused):
    """What was asked for is not there, or its address has expired (media)."""


class TooLarge(Refused):
    """The body is larger than we take (media)."""


class Misconfigured(WhatsAppError):
    """Certainly not processed until somebody repairs account, token or settings."""


_REJECTED = frozenset(
    {APP_RATE_LIMIT, ACCOUNT_RATE_LIMIT, THROUGHPUT_LIMIT, PAIR_RATE_LIMIT, 132069, 133016}
)
_AMBIGUOUS = frozenset({1, 2, 131000, 131016, 131057, 133000, 133004})
_MISCONFIGURED = frozenset(
    {0, 3, 10, 190, 368, 131005, 131030, 131031, 131037, 131042, 131045, 131063, 131064, 131065}
    | {131070, 133005, 133006, 133008, 133009, 133010, 133015, 134011, 134100, 134101, 134102}
    | set(range(200, 300))
)
_REFUSED = frozenset(
    {33, INVALID_PARAMETER, 130403, 130472, 130497, 131008, 131009, 131020, 131021, UNDELIVERABLE}
    | {131035, 131036, WINDOW_CLOSED, 131048, 131049, 131050, 131051, 131052, 131053, 131055}
    | {131060, 131061, 131062, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016}
    | {132068, 135000, 137000, 139100, 139101, 139102, 139103}
)
_CLASSES: dict[int, type[WhatsAppError]] = {
    code: kind
    for kind, codes in (
        (Rejected, _REJECTED),
        (Ambiguous, _AMBIGUOUS),
        (Misconfigured, _MISCONFIGURED),
        (Refused, _REFUSED),
    )
    for code in codes
}

_TIMEOUT, _TOO_MANY, _SERVER_ERROR, _CLIENT_ERROR = 408, 429, 500, 400


def of_answer(status: int, code: int | None) -> WhatsAppError:
    """Return the error for an answer with HTTP `status` and, if its body held one, Meta's `code`."""
    if code in _CLASSES:
        return _CLASSES[code](code)
    if status >= _SERVER_ERROR or status < _CLIENT_ERROR or status == _TIMEOUT:
        return Ambiguous(code)
    if status == _TOO_MANY:
        return Rejected(code)
    # A refusal without Meta's code comes from something in between, or a wrong address.
    return Misconfigured() if code is None else Refused(code)


_ASK_ADMINISTRATION = gettext_lazy(
    "WhatsApp does not accept messages of this office at the moment. Please tell your "
    "administration: %(cause)s. Then send the message again."
)
_CANNOT_RECEIVE = gettext_lazy(
    "This person cannot be reached over WhatsApp at the moment. Please agree on another way, "
    "by phone or e-mail."
)
_REPHRASE = gettext_lazy(
    "WhatsApp refused this message in this form. Please write it again, as plain text."
)
_SLOW_DOWN = gettext_lazy(
    "Too many messages at once. This one is sent by itself as soon as WhatsApp allows it."
)
_UNKNOWN = gettext_lazy(
    "WhatsApp did not deliver this message. Please send it again, or choose another way."
)

_CAUSES: dict[int, Promise] = {
    0: gettext_lazy("the access token is not valid"),
    190: gettext_lazy("the access token has expired"),
    368: gettext_lazy("Meta has blocked the account for a violation of its policies"),
    131031: gettext_lazy("Meta has locked the account"),
    131030: gettext_lazy("the number is still a test number"),
    131037: gettext_lazy("Meta has not yet approved the display name"),
    131042: gettext_lazy("the payment method at Meta is missing or was declined"),
    131045: gettext_lazy("the number is not registered correctly"),
    133010: gettext_lazy("the number is not registered"),
}
_MISSING_PERMISSION = gettext_lazy("a setting or permission at Meta is missing")

_SENTENCES: dict[int, Promise] = {
    WINDOW_CLOSED: gettext_lazy(
        "The citizen's last message is more than 24 hours old; WhatsApp allows no answer until "
        "the citizen writes again. Please use another way."
    ),
    130403: gettext_lazy(
        "This person is blocked for this number. Remove the block before you write again."
    ),
    130497: gettext_lazy(
        "WhatsApp does not allow messages to this person's country. Please use another way."
    ),
    131048: gettext_lazy(
        "WhatsApp holds back messages of this number because people reported it. Please send "
        "nothing more for now and tell your administration."
    ),
    131021: gettext_lazy("This is the office's own number. It cannot write to itself."),
}
_GROUPS: tuple[tuple[frozenset[int], Promise], ...] = (
    (_REJECTED, _SLOW_DOWN),
    (
        frozenset({33, UNDELIVERABLE, 130472, 131049, 131050, 131061, 131062, 137000}),
        _CANNOT_RECEIVE,
    ),
    (frozenset({INVALID_PARAMETER, 131008, 131009, 131051, 131052, 131053, 135000}), _REPHRASE),
)


def explanation(code: int | None) -> str:
    """Return a sentence for staff, in the active language: what happened and what to do."""
    if code in _SENTENCES:
        return str(_SENTENCES[code])
    if code in _MISCONFIGURED:
        return _ASK_ADMINISTRATION % {"cause": _CAUSES.get(code, _MISSING_PERMISSION)}
    return next((str(text) for codes, text in _GROUPS if code in codes), str(_UNKNOWN))


def unconfirmed_explanation() -> str:
    """Return what staff are told about a message of which nobody knows whether it arrived."""
    return _(
        "WhatsApp did not say whether this message arrived. If the citizen does not react, send it "
        "again; in the worst case it then arrives twice."
    )
