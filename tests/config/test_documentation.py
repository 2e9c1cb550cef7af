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
    # "`AFTERWARD_SMTP_HOST`, `_PORT`" names AFTERWARD_SMTP_PORT as well.
    page += " ".join(f"AFTERWARD_SMTP{end}" for end in re.findall(r"`(_[A-Z]+)`", page))
    read = _variables_read_by(_REPO / "config" / "settings.py")
    assert len(read) > 25, "the settings are read differently than this test thinks"
    assert not {name for name in read if name not in page}
