"""Notifications on shoppers' devices (web push): who asked for them, with which keys, and how they end."""
