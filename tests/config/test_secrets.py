"""The secret key that an installation makes for itself: one, whole, whoever starts first."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import secrets as own_secrets


def test_processes_that_start_together_agree_on_one_whole_key(tmp_path: Path) -> None:
    code = "from config.secrets import local_secret_key; print(local_secret_key())"
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root,
            env={"AFTERWARD_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        )
        for _ in range(6)
    ]  # fmt: skip
    keys = {process.communicate()[0].strip() for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_key_that_is_being_written_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERWARD_HOME", str(tmp_path))
    link = own_secrets.os.link

    def another_was_first(source: str, target: Path) -> None:
        assert not target.exists()
        assert len(Path(source).read_text()) == 64
        target.write_text("the other process' key")
        link(source, target)

    monkeypatch.setattr(own_secrets.os, "link", another_was_first)
    assert own_secrets.local_secret_key() == "the other process' key"
