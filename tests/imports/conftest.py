"""What tests of imports may ask for: a folder of their own for the files."""

from pathlib import Path

import pytest
import pytest_django


@pytest.fixture(autouse=True)
def folder(settings: pytest_django.Settings, tmp_path: Path) -> Path:
    """Where files wait until they are worked off."""
    settings.IMPORTS_FOLDER = tmp_path / "imports"
    return tmp_path / "imports"
