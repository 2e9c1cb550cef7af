"""Front-end files of others: exactly those that were looked at, with their licence, and nothing from elsewhere."""

import gzip
import hashlib
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
VENDOR = REPO / "static" / "vendor"


def locked() -> dict[str, str]:
    """Path → sha256 of `vendor.lock`."""
    lines = (VENDOR / "vendor.lock").read_text().splitlines()
    return {path: digest for digest, path in (line.split() for line in lines if not line.startswith("#"))}


def test_every_vendored_file_is_the_one_in_the_lock() -> None:
    files = {
        str(f.relative_to(VENDOR)): f for f in VENDOR.rglob("*") if f.is_file() and f.name != "vendor.lock"
    }
    assert {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in files.items()} == locked()


def test_every_vendored_folder_names_its_version_and_brings_its_licence() -> None:
    for folder in (f for f in VENDOR.iterdir() if f.is_dir()):
        assert folder.name.rpartition("-")[2][0].isdigit(), folder
        assert any((folder / name).exists() for name in ("LICENSE", "LICENSE.txt", "LICENSE.md")), folder


def test_the_dashboards_javascript_is_small() -> None:
    own = (REPO / "static/js/app.js").read_bytes()
    assert len(own) <= 4096
    assert (
        len(gzip.compress((VENDOR / "htmx-4.0.1/htmx.min.js").read_bytes(), 9)) + len(gzip.compress(own, 9))
        <= 25_000
    )


@pytest.mark.parametrize(
    "path", sorted((REPO / "templates/dashboard").rglob("*.html")), ids=lambda path: path.name
)
def test_no_template_has_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("style=", "<style", "onclick", "hx-on", "js:", "http://", "https://", "<script>"):
        assert forbidden not in text, forbidden
