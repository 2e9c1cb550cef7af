"""A hint for the team that somebody returns unusually much, with its reasons. It decides nothing (R25)."""
