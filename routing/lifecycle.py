"""The life of a ticket as a table: which action leads from which state where, and who may do it."""

from dataclasses import dataclass

from routing.enums import Action, Party, TicketState

_S, _A, _P = TicketState, Action, Party

_CLERK = frozenset({_P.CLERK})
_STAFF = frozenset({_P.STAFF})
_HOUSE = frozenset({_P.CLERK, _P.STAFF})
_SYSTEM = frozenset({_P.SYSTEM})
_CITIZEN = frozenset({_P.CITIZEN})


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `to` is None where the state stays."""

    to: TicketState | None
    by: frozenset[Party]


def _from(
    states: tuple[TicketState, ...], action: Action, to: TicketState | None, by: frozenset[Party]
) -> dict[tuple[TicketState, Action], Transition]:
    return {(state, action): Transition(to, by) for state in states}


_OPEN = (_S.FORWARDED, _S.ACCEPTED)
_UNFINISHED = (*_OPEN, _S.RETURNED, _S.IN_RELEASE)
_ANSWERED = (_S.ANSWERED, _S.SENT, _S.UNDELIVERABLE)

# ANSWERED: the answer is final. It waits for the mail server or for the citizen's confirmation of the
# address; without an address it stays inside. IN_RELEASE comes before it where a department needs it.
TRANSITIONS: dict[tuple[TicketState, Action], Transition] = {
    **_from((_S.WAITING,), _A.DISPATCH, _S.FORWARDED, _CITIZEN | _SYSTEM | _STAFF),
    **_from((_S.FORWARDED,), _A.ACCEPT, _S.ACCEPTED, _CLERK),
    **_from(_OPEN, _A.RETURN, _S.RETURNED, _CLERK),
    **_from(_OPEN, _A.PASS_ON, _S.FORWARDED, _HOUSE),
    **_from((_S.RETURNED,), _A.PASS_ON, _S.FORWARDED, _STAFF),
    **_from(_OPEN, _A.ANSWER, _S.ANSWERED, _CLERK),  # or IN_RELEASE
    **_from((_S.RETURNED,), _A.ANSWER, _S.ANSWERED, _STAFF),
    **_from((_S.IN_RELEASE,), _A.RELEASE, _S.ANSWERED, _STAFF),
    **_from((_S.IN_RELEASE,), _A.REJECT, _S.ACCEPTED, _STAFF),
    **_from((_S.ANSWERED,), _A.SEND, _S.SENT, _SYSTEM),
    **_from((_S.ANSWERED, _S.SENT), _A.BOUNCE, _S.UNDELIVERABLE, _SYSTEM),
    **_from((_S.UNDELIVERABLE,), _A.SEND_AGAIN, _S.ANSWERED, _HOUSE),
    **_from(_ANSWERED, _A.REOPEN, _S.FORWARDED, _CITIZEN),
    **_from(_UNFINISHED, _A.REPLY, None, _CITIZEN),
    **_from((_S.WAITING,), _A.WITHDRAW, _S.WITHDRAWN, _CITIZEN | _SYSTEM | _STAFF),
    **_from((*_UNFINISHED, *_ANSWERED), _A.WITHDRAW, _S.WITHDRAWN, _CITIZEN),
    **_from(_OPEN, _A.REMIND, None, _SYSTEM),
    **_from((*_UNFINISHED, _S.UNDELIVERABLE), _A.ESCALATE, None, _SYSTEM),
    **_from((*_ANSWERED, _S.WITHDRAWN), _A.ERASE, _S.ERASED, _SYSTEM),
}

UNFINISHED = frozenset(_UNFINISHED)


def allowed(state: TicketState | str, party: Party) -> frozenset[Action]:
    """Return what `party` may do with a ticket in `state`."""
    return frozenset(
        action
        for (start, action), transition in TRANSITIONS.items()
        if start == state and party in transition.by
    )
