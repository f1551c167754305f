"""What a person finds on a page: its words, its links, what stands in a form, a table's cells.

Reads the HTML that was sent, and nothing of how it was made.
"""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Protocol

VOID = {"meta", "link", "input", "br", "path", "img", "hr"}
HIDDEN_OF_OTHERS = {"csrfmiddlewaretoken", "active", "version", "idempotency_key"}
Typed = dict[str, list[str]]


class Answer(Protocol):
    """What Django's test client gives back."""

    status_code: int
    content: bytes


class Element:
    """A node of the page."""

    def __init__(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.inside: list[Element | str] = []

    @property
    def text(self) -> str:
        """Its words, white space made single. A time stands in its sentence; any other element
        stands apart."""
        parts = [one if isinstance(one, str) else one.set_apart for one in self.inside]
        return " ".join("".join(parts).split())

    @property
    def set_apart(self) -> str:
        """Its words as its parent's text has them."""
        return self.text if self.tag == "time" else f" {self.text} "

    def all(self, *tags: str) -> "list[Element]":
        """Every element below, in the order of the page; with tags, those only."""
        below = [one for one in self.inside if isinstance(one, Element)]
        found = [[one, *one.all()] for one in below]
        return [one for group in found for one in group if not tags or one.tag in tags]

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"<{self.open[-1].tag}> is closed by </{tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(answer: Answer) -> Element:
    """The page as a tree. A tag that is not closed in its place fails the test."""
    reader = _Reader()
    reader.feed(answer.content.decode())
    assert reader.open == [reader.root]
    return reader.root


def main(answer: Answer) -> Element:
    """What is between navigation and foot."""
    (found,) = read(answer).all("main")
    return found


def links(answer: Answer) -> dict[str, str]:
    """Address by words, of the links in the main part."""
    return {one.text: one.get("href") for one in main(answer).all("a")}


def notes(answer: Answer) -> list[str]:
    """What the page says happened, and what it warns of."""
    return [one.text for one in main(answer).all("p") if "note" in one.get("class").split()]


def errors(answer: Answer) -> dict[str, list[str]]:
    """The errors beside each field, by the field's name; above the form: by "".

    An error counts as beside its field only if the field refers to it for screen readers.
    """
    page = main(answer)
    spoken = {key for one in page.all() for key in one.get("aria-describedby").split()}
    found: dict[str, list[str]] = {}
    for one in page.all():
        key = one.get("id")
        if one.tag == "p" and key.endswith("_error") and key in spoken:
            found.setdefault(key.removeprefix("id_").removesuffix("_error"), []).append(one.text)
    above = [item.text for item in _summary(page) if not item.all("a")]
    return found | ({"": above} if above else {})


def _summary(page: Element) -> list[Element]:
    return [item for one in page.all("div") if one.get("id") == "summary" for item in one.all("li")]


def typed(answer: Answer) -> Typed:
    """What the form on the page would send if it was sent as it stands; of several values of one
    name the order says nothing."""
    found: Typed = {}
    for field in main(answer).all("input", "select"):
        name = field.get("name")
        if name not in HIDDEN_OF_OTHERS:
            for value in _values(field):
                found.setdefault(name, []).append(value)
    return {name: sorted(values) for name, values in found.items()}


def hidden(answer: Answer, where: str, *, with_key: bool = False) -> Typed:
    """The hidden fields of the form on this page that goes to `where`, else to the page itself;
    none if there is no such form. Without its key each submission is carried out, and answered
    by the page itself."""
    left_out = {"csrfmiddlewaretoken"} | (set() if with_key else {"idempotency_key"})
    forms = [one for one in read(answer).all("form") if one.get("method") == "post"]
    there = [one for one in forms if one.get("action") == where]
    meant = there or [one for one in forms if one.get("action")[:1] in {"", "?"}]
    fields = [one for form in meant[:1] for one in form.all("input") if one.get("type") == "hidden"]
    return {
        one.get("name"): [one.get("value")] for one in fields if one.get("name") not in left_out
    }


def _values(field: Element) -> Sequence[str]:
    if field.tag == "select":
        return [one.get("value") for one in field.all("option") if "selected" in one.attributes]
    if field.get("type") == "checkbox":
        return [field.get("value") or "on"] if "checked" in field.attributes else []
    return [field.get("value")]


def rows(answer: Answer) -> dict[str, list[str]]:
    """The table of the page: the words of the cells behind each row's head."""
    (table,) = main(answer).all("table")
    return {
        row.all("th")[0].text: [cell.text for cell in row.all("td")]
        for row in table.all("tbody")[0].all("tr")
        if row.all("th")
    }
