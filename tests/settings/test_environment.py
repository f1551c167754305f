"""What the processes are told by their environment."""

import pytest

from server.settings.environment import MailServer, is_sender


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://a%40b:p%3Aw@mail.example", MailServer("mail.example", 587, "a@b", "p:w", False)),
        ("smtps://mail.example", MailServer("mail.example", 465, "", "", True)),
        ("smtps://u:p@mail.example:2465", MailServer("mail.example", 2465, "u", "p", True)),
    ],
)
def test_mail_server_of_a_url(url: str, server: MailServer) -> None:
    assert MailServer.of(url) == server


@pytest.mark.parametrize("url", ["", "mail.example", "smtp://", "https://mail.example"])
def test_mail_server_of_anything_else_is_a_value_error(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://"):
        MailServer.of(url)


@pytest.mark.parametrize("sender", ["a@groups.health", "Thirds <no-reply@mail.groups.health>"])
def test_sender_is_an_address_with_or_without_a_name(sender: str) -> None:
    assert is_sender(sender)


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "Thirds",
        "no-reply@",
        "a@localhost",
        "a@example.org",
        "a@mail.example.com",
        "a@x.example",
    ],
)
def test_sender_of_nobody_or_of_a_domain_for_examples_is_none(sender: str) -> None:
    assert not is_sender(sender)
