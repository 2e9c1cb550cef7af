"""Translations without a system gettext: collect the texts, compile the catalogues.

`python -m tools.messages collect` reads templates and code and brings `locale/<language>/LC_MESSAGES/django.po`
up to date; `python -m tools.messages compile` writes the `.mo` files that Django reads. Both are committed.
`python -m tools.messages check` says what is missing and fails when there is anything.
"""

import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

REPO = Path(__file__).resolve().parent.parent
LOCALE = REPO / "locale"
LANGUAGES = ("de",)
_COMMENT = "# What portal and dashboard say. Translate here, then run `make messages`."
APPS = (
    "merchants", "events", "ledger", "accounts", "webhooks", "orders", "tracking", "cases", "returns",
    "notifications", "imports", "analytics", "portal", "dashboard", "config",
)  # fmt: skip
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


class Texts(Catalog):
    """A catalogue whose head names neither dates nor people nor tools: the same texts make the same bytes."""

    def _head(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "Afterward"),
            ("Language", str(self.locale_identifier)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit\n"),
        ]

    mime_headers = property(_head, Catalog._set_mime_headers)


def collect() -> None:
    """Bring the catalogue of every language up to date with the texts in code and templates."""
    template = template_catalog()
    for language in LANGUAGES:
        catalog = load(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        save(language, catalog)
        missing = untranslated(catalog)
        print(f"{language}: {len(catalog)} texts, {len(missing)} without a translation")


def compile_all() -> None:
    """Write the `.mo` file of every language."""
    for language in LANGUAGES:
        _po(language).with_suffix(".mo").write_bytes(compiled(load(language)))


def check() -> list[str]:
    """What is out of step: texts that are not collected, not translated, or not compiled."""
    faults = []
    template = template_catalog()
    for language in LANGUAGES:
        catalog = load(language)
        known = {(m.context, m.id) for m in catalog}
        new = [m for m in template if m.id and (m.context, m.id) not in known]
        faults += [f"{language}: not collected: {m.id!r}" for m in new]
        faults += [f"{language}: not translated: {text!r}" for text in untranslated(catalog)]
        mo = _po(language).with_suffix(".mo")
        if not mo.exists() or mo.read_bytes() != compiled(catalog):
            faults.append(f"{language}: {mo.name} is out of step: run `make messages`")
    return faults


@cache
def template_catalog() -> Catalog:
    """All texts of code and templates, without translations. Read once: it takes half a minute on a slow machine."""
    catalog = Catalog(project="Afterward", charset="utf-8")
    for source in _sources():
        for _line, message, comments, context in extract(
            "python", BytesIO(source.encode()), _KEYWORDS, ("Translators:",)
        ):
            catalog.add(message, auto_comments=comments, context=context, flags=_flags(message))
    return catalog


def load(language: str) -> Catalog:
    """The catalogue of a language as it is committed; an empty one when there is none."""
    catalog = Texts(locale=language, charset="utf-8", header_comment=_COMMENT, fuzzy=False)
    if _po(language).exists():
        with _po(language).open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    catalog[message.id] = message
    return catalog


def save(language: str, catalog: Catalog) -> None:
    """Write the catalogue of a language, sorted by its English texts."""
    path = _po(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, no_location=True)


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as the bytes of a `.mo` file: the same bytes for the same texts."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Texts of the catalogue that have no translation, or only a part of one."""
    missing = []
    for message in catalog:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, list | tuple) else [message.string]
        if not all(strings):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


def _flags(message: object) -> list[str]:
    texts = message if isinstance(message, tuple) else (message,)
    return ["python-format"] if any("%(" in str(text) for text in texts) else []


def _sources() -> Iterator[str]:
    """Python sources, and templates turned into something that the Python extractor reads."""
    for app in APPS:
        for path in sorted((REPO / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.read_text()
    for path in sorted((REPO / "templates").rglob("*.*")):
        if path.suffix in (".html", ".txt"):
            source = templatize(path.read_text(), origin=str(path.relative_to(REPO)))
            # What is left of the markup's indentation would not be valid Python.
            yield "\n".join(line.lstrip() for line in source.splitlines())


def _po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def main() -> None:
    import django
    from django.conf import settings

    settings.configure(USE_I18N=True)
    django.setup()
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb == "collect":
        collect()
    elif verb == "compile":
        compile_all()
    elif verb == "check":
        faults = check()
        print("\n".join(faults) or "translations are in step")
        sys.exit(1 if faults else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
