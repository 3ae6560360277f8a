"""The pages for citizens: true, in their language, without a cookie."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.enums import OutsidePolicy, PicturePolicy
from tests import factories

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de"}


def text(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers={**GERMAN, **headers})
    assert response.status_code == 200
    return response.content.decode()


def test_public_page_of_the_only_office_shows_its_running_hour(client: Client) -> None:
    session = factories.session(factories.office(display_phone_number="+49784280221"))
    end = timezone.localtime(session.ends_at, session.office.zone)

    page = text(client, "/")

    assert f"Läuft gerade, bis {end:%H:%M} Uhr" in page
    assert "https://wa.me/49784280221" in page


def test_public_page_tells_the_time_where_the_office_is(client: Client) -> None:
    start = datetime(2099, 12, 3, 15, tzinfo=ZoneInfo("Europe/Berlin"))
    factories.session(factories.office(time_zone="Atlantic/Azores"), starts_at=start)

    assert "13:00 bis 14:00 Uhr" in text(client, "/")


def test_public_page_before_the_hour_has_no_link_to_whatsapp(client: Client) -> None:
    start = datetime(2099, 12, 3, 15, tzinfo=ZoneInfo("Europe/Berlin"))
    factories.session(starts_at=start)

    page = text(client, "/")

    assert "Donnerstag, 3. Dezember 2099, 15:00 bis 16:00 Uhr" in page
    assert "https://wa.me/" not in page


def test_public_page_says_why_the_hour_does_not_take_place(client: Client) -> None:
    now = timezone.now()
    factories.session(
        starts_at=now + timedelta(days=1), cancelled_at=now, cancel_reason="Krankheit"
    )

    page = text(client, "/")

    assert "Fällt aus" in page
    assert "Grund: Krankheit" in page


def test_public_page_without_a_date(client: Client) -> None:
    factories.office()

    assert "Zurzeit ist keine Sprechstunde geplant." in text(client, "/")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (PicturePolicy.ACCEPT, "auch Bilder sind willkommen"),
        (PicturePolicy.DECLINE, "Bilder, Anrufe, Sprachnachrichten und Videos können wir nicht"),
    ],
)
def test_public_page_tells_the_offices_rule_on_pictures(
    client: Client, policy: PicturePolicy, words: str
) -> None:
    factories.office(picture_policy=policy)

    assert words in text(client, "/")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (OutsidePolicy.SILENT, "lesen, speichern und beantworten wir keine"),
        (OutsidePolicy.NOTICE, "einen kurzen Hinweis mit dem nächsten Termin"),
    ],
)
def test_public_page_tells_what_happens_outside_the_hour(
    client: Client, policy: OutsidePolicy, words: str
) -> None:
    factories.office(outside_policy=policy)

    assert words in text(client, "/")


def test_public_page_of_several_offices_is_a_list(client: Client) -> None:
    offices = [factories.session().office, factories.office()]

    page = text(client, "/")

    assert all(f'href="/o/{office.slug}/"' in page for office in offices)
    assert "Läuft gerade" in page


@pytest.mark.parametrize("count", [1, 3])
def test_public_page_takes_two_queries_for_any_number_of_offices(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        factories.session()

    with django_assert_num_queries(2):
        client.get("/")


def test_public_page_of_an_unknown_office_does_not_exist(client: Client) -> None:
    office = factories.office()

    known, unknown = client.get(f"/o/{office.slug}/"), client.get("/o/nirgendwo/")

    assert (known.status_code, unknown.status_code) == (200, 404)


@pytest.mark.parametrize("address", ["/", "/o/{}/", "/privacy/{}/"])
def test_public_pages_set_no_cookie_and_may_be_cached(client: Client, address: str) -> None:
    office = factories.office()

    response = client.get(address.format(office.slug))

    assert not response.cookies
    assert "Cookie" not in response["Vary"]
    assert response["Cache-Control"].startswith("public, max-age=")


def test_public_page_speaks_the_browsers_language_unless_asked_otherwise(client: Client) -> None:
    factories.office()

    pages = [
        client.get(address, headers={"Accept-Language": language}).content.decode()
        for address, language in [
            ("/", "de"),
            ("/", "en"),
            ("/?lang=en", "de"),
            ("/?lang=xx", "de"),
        ]
    ]

    assert ['lang="de"' in page.split("<head>")[0] for page in pages] == [True, False, False, True]


def test_public_page_is_german_for_a_language_that_we_do_not_speak(client: Client) -> None:
    factories.office()

    assert "So geht es" in text(client, "/", **{"Accept-Language": "fr"})


def test_chosen_language_is_kept_in_the_links_of_the_page(client: Client) -> None:
    office = factories.office()

    assert f'href="/privacy/{office.slug}/?lang=en"' in text(client, "/?lang=en")


def test_privacy_page_tells_the_offices_own_periods(client: Client) -> None:
    office = factories.office(wrap_up_minutes=25, privacy_url="https://example.org/datenschutz")

    page = text(client, f"/privacy/{office.slug}/")

    assert "Spätestens 25 Minuten nach dem Ende der Sprechstunde" in page
    assert "https://example.org/datenschutz" in page
    assert "Ende-zu-Ende" not in page
