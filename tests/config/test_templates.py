"""Texts of templates that are translated when a template is loaded: the same pages as Django's, in every language."""

from typing import Any

import pytest
from django.template import Context, Engine, Template
from django.template.base import TextNode
from django.utils import translation

from config.templates import Loader, translate

CASES = [
    "{% translate 'Sign in' %}",
    "a {% translate 'Sign in' %} b {% translate 'Sign out' %} c",
    "{% translate 'Sign in' as text %}[{{ text }}]",
    "{% translate 'Sign in'|upper %}",
    "{% translate word %}",
    "{% translate '100 % of <b>' %}",
    "{% translate 'In transit' context 'event' %}",
    "{% blocktranslate %}Sign in{% endblocktranslate %}",
    "{% blocktranslate trimmed %}\n  Sign in\n{% endblocktranslate %}",
    "{% blocktranslate %}100 % of it{% endblocktranslate %}",
    "{% blocktranslate with who=word %}Hello {{ who }}{% endblocktranslate %}",
    "{% blocktranslate %}Goes to {{ city }}{% endblocktranslate %}",
    "{% blocktranslate count count=2 %}Show {{ count }} earlier update{% plural %}Show {{ count }} earlier updates"
    "{% endblocktranslate %}",
    "{% if word %}{% translate 'Sign in' %}{% else %}{% translate 'Sign out' %}{% endif %}",
    "{% for n in numbers %}{{ n }}{% translate 'Sign in' %}{% empty %}{% translate 'Sign out' %}{% endfor %}",
    "{% for n in none %}{{ n }}{% empty %}{% translate 'Sign out' %}{% endfor %}",
    "{% with x=1 %}{% block b %}{% translate 'Sign in' %}{% endblock %}{% endwith %}",
    "{% language 'de' %}{% translate 'Sign in' %}{% endlanguage %} {% translate 'Sign in' %}",
    "{% language 'en' %}{% translate 'Sign in' %}{% endlanguage %} {% translate 'Sign in' %}",
    "{% autoescape off %}{% translate 'Sign in' %}{{ word }}{% endautoescape %}",
]
VALUES: dict[str, Any] = {"word": "Sign <in>", "city": "Köln", "numbers": [1, 2], "none": []}


@pytest.mark.parametrize("source", CASES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_reads_as_django_would_have_written_it(source: str, language: str) -> None:
    source = "{% load i18n %}" + source
    with translation.override(language):
        usual = Template(source).render(Context(VALUES))
        translated = Template(source)
        translate(translated.nodelist)
        assert [translated.render(Context(VALUES)) for _ in range(2)] == [usual] * 2


def test_texts_become_one_piece() -> None:
    template = Template("{% load i18n %}a {% translate 'Sign in' %} b")
    with translation.override("de"):
        translate(template.nodelist)
    assert [type(node) for node in template.nodelist[1:]] == [TextNode]


def test_each_language_has_its_own_and_is_read_once() -> None:
    engine = Engine.get_default()
    outer: Any = engine.template_loaders[0]
    assert isinstance(outer.loaders[0], Loader)
    found: dict[str, list[Any]] = {}
    for language in ("en", "de", "en"):
        with translation.override(language):
            found.setdefault(language, []).append(engine.get_template("portal/lookup.html"))
    assert found["en"][0] is found["en"][1]
    assert found["en"][0] is not found["de"][0]
