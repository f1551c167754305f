"""What the processes are told by their environment."""

import pytest

from server.settings.environment import MailServer


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
