"""What is generated: what is committed is what the code says."""

from pathlib import Path

import pytest

from server import generated


@pytest.mark.parametrize("path", generated.files(), ids=lambda path: path.name)
def test_committed_file_is_the_generated_one(path: Path) -> None:
    """`python -m server.generated` writes it again."""
    assert path.read_text() == generated.files()[path]


def test_check_of_another_text_fails_until_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(generated, "files", lambda: {page: "as the code says\n"})
    assert generated.main(["--check"]) == 1
    assert not page.exists()
    assert generated.main([]) == 0
    assert generated.main(["--check"]) == 0
    page.write_text(page.read_text() + " ")
    assert generated.main(["--check"]) == 1
