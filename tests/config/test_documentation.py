"""`docs/production.md` names every setting that the program reads."""

import ast
import re
from pathlib import Path

_REPO = Path(__file__).resolve().parents[2]
_READERS = {"text", "flag", "integer", "words"}


def _variables_read_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _READERS:
            names |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}
    return names


def test_every_setting_is_documented() -> None:
    page = (_REPO / "docs" / "production.md").read_text()
    page = re.sub(r"`AFTERWARD_SMTP_HOST`, `_PORT`, `_USER`, `_PASSWORD`, `_TLS`",
                  "AFTERWARD_SMTP_HOST AFTERWARD_SMTP_PORT AFTERWARD_SMTP_USER AFTERWARD_SMTP_PASSWORD AFTERWARD_SMTP_TLS",
                  page)  # fmt: skip
    read = _variables_read_by(_REPO / "config" / "settings.py")
    assert len(read) > 25, "the settings are read differently than this test thinks"
    assert not {name for name in read if name not in page}
