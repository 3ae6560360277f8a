"""Reply addresses and Message-IDs: what is ours, what is forged, what survives a mail server."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from routing.mail import addresses, base32, message_ids
from routing.mail.addresses import Expired, Forged, NotOurs, Purpose, Tag

NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
UID = UUID("0123456789abcdef0123456789abcdef")


@pytest.fixture(autouse=True)
def _our_mailbox(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Musterstadt <sprechstunde@musterstadt.example>"
    settings.REPLY_ADDRESS = "sprechstunde+*@musterstadt.example"


def address(purpose: Purpose = Purpose.DEPARTMENT, pk: int = 17) -> str:
    return addresses.reply_address(purpose, pk, now=NOW)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("pk", [1, 255, 256, 2**40])
def test_address_says_what_it_was_made_for(purpose: Purpose, pk: int) -> None:
    assert addresses.read(address(purpose, pk), now=NOW) == Tag(purpose, pk, NOW.date())


def test_address_fits_a_mailbox_name() -> None:
    local = address(pk=2**63 - 1).partition("@")[0]

    assert len(local) <= 64  # RFC 5321, 4.5.3.1.1


@pytest.mark.parametrize(
    "mangle",
    [
        str.upper,
        str.lower,
        lambda a: f'"Bürgersprechstunde" <{a}>',
        lambda a: a[:14] + a[14:-20].replace("1", "l").replace("0", "o") + a[-20:],
        lambda a: a[:14] + a[14:-20].replace("1", "I").replace("0", "O") + a[-20:],
    ],
)
def test_address_survives(mangle: object) -> None:
    assert callable(mangle)
    for pk in range(1, 60):
        mangled = mangle(address(pk=pk))

        assert addresses.read(mangled, now=NOW).pk == pk


@pytest.mark.parametrize(
    "other",
    [
        "",
        "sprechstunde@musterstadt.example",
        "sprechstunde+newsletter@musterstadt.example",
        "erika@example.org",
    ],
)
def test_other_address_is_not_ours(other: str) -> None:
    with pytest.raises(NotOurs):
        addresses.read(other, now=NOW)


def test_address_of_another_domain_is_not_ours() -> None:
    with pytest.raises(NotOurs):
        addresses.read(address().replace("musterstadt", "anderstadt"), now=NOW)


def test_changed_address_is_forged() -> None:
    genuine = address()
    start = genuine.index("+") + 2
    for place in range(start, genuine.index("@")):
        other = "2" if genuine[place] != "2" else "3"
        with pytest.raises(Forged):
            addresses.read(genuine[:place] + other + genuine[place + 1 :], now=NOW)


def test_address_for_another_purpose_is_forged() -> None:
    with pytest.raises(Forged):
        addresses.read(address(Purpose.CITIZEN).replace("+c", "+d"), now=NOW)


def test_address_under_another_secret_is_forged(settings: Settings) -> None:
    genuine = address()
    settings.SECRET_KEY = "another"

    with pytest.raises(Forged):
        addresses.read(genuine, now=NOW)


@pytest.mark.parametrize("purpose", Purpose)
def test_address_ends_with_its_time(purpose: Purpose) -> None:
    last = NOW + addresses.GOOD_FOR[purpose]

    assert addresses.read(address(purpose), now=last).pk == 17
    with pytest.raises(Expired):
        addresses.read(address(purpose), now=last + timedelta(days=1))


def test_address_in_a_domain_of_its_own(settings: Settings) -> None:
    settings.REPLY_ADDRESS = "*@antwort.musterstadt.example"

    assert addresses.read(address(), now=NOW).pk == 17
    assert "+" not in address()


@given(st.binary(max_size=40))
def test_base32_gives_back_what_it_was_given(data: bytes) -> None:
    assert base32.decode(base32.encode(data)) == data


def test_message_id_names_the_row() -> None:
    name = message_ids.message_id(UID)

    assert name == "<sprechstunde.0123456789abcdef0123456789abcdef@musterstadt.example>"
    assert message_ids.uid_of(name.upper()) == UID


def test_references_name_the_latest_of_ours() -> None:
    other = UUID(int=7)
    header = f"{message_ids.message_id(other)}\r\n {message_ids.message_id(UID)} <abc@mail.example>"

    assert message_ids.uid_of(header) == UID
    assert message_ids.uid_of("<abc@mail.example>") is None
