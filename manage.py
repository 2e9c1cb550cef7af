#!/usr/bin/env python
"""Afterward's command line: `python manage.py help` lists the commands."""

import os
import sys

# What only reads and prints: no embedded server is started for it.
WITHOUT_SERVERS = frozenset({"detect", "normalise"})
# Needs them only where it reads our own tables.
BACKTEST = "eta_backtest"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    reads_files = command == BACKTEST and not any(word.startswith("--merchant") for word in sys.argv)
    if command in WITHOUT_SERVERS or reads_files:
        os.environ.setdefault("DATABASE_URL", "postgresql://127.0.0.1:1/not-needed")
        os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
