"""Demo sign-in exists on a demo installation, on loopback, for demo people; nowhere else."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sessions.core.permissions import Role
from sessions.models import Person
from tests.people.accounts import account

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.THIRDS_DEMO = True
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "thirds.example"]


@pytest.fixture
def dana() -> Person:
    return account("Dana", [Role.FACILITATOR], is_demo=True)


def button(person: Person) -> str:
    return f"/sign-in/demo/{person.public_id}/"


def client_at(host: str = "127.0.0.1:8000", address: str = "127.0.0.1", **more: str) -> Client:
    return Client(HTTP_HOST=host, REMOTE_ADDR=address, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1:8000", "127.0.0.1"), ("localhost", "127.0.0.1"), ("[::1]:8000", "::1")],
)
def test_demo_person_signs_in_on_loopback(
    demo: None, dana: Person, host: str, address: str
) -> None:
    client = client_at(host, address)
    assert button(dana) in client.get("/sign-in/").content.decode()
    assert client.post(button(dana))["Location"] == "/"
    assert client.session["_auth_user_id"] == str(dana.pk)


FAR = [
    client_at(address="192.0.2.7"),
    client_at(host="thirds.example"),
    client_at(address=""),
    client_at(HTTP_X_FORWARDED_FOR="192.0.2.7"),
    client_at(HTTP_FORWARDED="for=192.0.2.7"),
    client_at(HTTP_X_REAL_IP="192.0.2.7"),
]


@pytest.mark.parametrize("client", FAR)
def test_demo_sign_in_from_elsewhere_is_not_there(demo: None, dana: Person, client: Client) -> None:
    """Kills: trusting the address alone (a proxy on this machine), or the host alone."""
    assert button(dana) not in client.get("/sign-in/").content.decode()
    assert client.post(button(dana)).status_code == 404
    assert "_auth_user_id" not in client.session


def test_demo_sign_in_without_the_demo_is_not_there(settings: Settings, dana: Person) -> None:
    client = client_at()
    assert button(dana) not in client.get("/sign-in/").content.decode()
    assert client.post(button(dana)).status_code == 404


def test_demo_sign_in_of_a_real_person_is_not_there(demo: None) -> None:
    sam = account("Sam")
    assert client_at().post(button(sam)).status_code == 404


def test_demo_sign_in_by_a_link_is_refused(demo: None, dana: Person) -> None:
    assert client_at().get(button(dana)).status_code == 405


@pytest.mark.parametrize("people", [1, 3])
def test_demo_list_takes_the_same_queries_for_one_and_three(
    demo: None, people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(people):
        account(f"Sam {number}", is_demo=True)
    with django_assert_num_queries(1):
        client_at().get("/sign-in/")


CODE = "12345678"


@pytest.fixture
def on_lan(demo: None, settings: Settings) -> None:
    """As `./run --lan` tells the web process."""
    settings.THIRDS_DEMO_CODE = CODE


def test_demo_on_a_network_signs_in_who_types_the_code(on_lan: None, dana: Person) -> None:
    client = client_at(host="thirds.example", address="192.0.2.7")
    page = client.get("/sign-in/").content.decode()
    assert button(dana) in page
    assert CODE not in page
    assert client.post(button(dana), {"code": "1234 5678"})["Location"] == "/"
    assert client.session["_auth_user_id"] == str(dana.pk)


@pytest.mark.parametrize("typed", ["", "12345679", "x"])
@pytest.mark.parametrize("address", ["192.0.2.7", "127.0.0.1"])
def test_demo_on_a_network_without_the_code_stays_out(
    on_lan: None, dana: Person, typed: str, address: str
) -> None:
    """Loopback too: another program on the machine may forward to it."""
    client = client_at(host="thirds.example", address=address)
    answer = client.post(button(dana), {"code": typed})
    assert answer.status_code == 403
    assert "That is not the code" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_demo_code_cannot_be_guessed_in_a_row(on_lan: None, dana: Person) -> None:
    """Ten tries a minute, and then not the right one either. Kills: no rate limit."""
    client = client_at(host="thirds.example", address="192.0.2.7")
    statuses = [client.post(button(dana), {"code": "0"}).status_code for _ in range(10)]
    assert statuses == [403] * 10
    assert client.post(button(dana), {"code": CODE}).status_code == 429
    assert "_auth_user_id" not in client.session


def test_demo_behind_a_proxy_is_not_there_even_with_the_code(on_lan: None, dana: Person) -> None:
    client = client_at(host="thirds.example", HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert client.post(button(dana), {"code": CODE}).status_code == 404
