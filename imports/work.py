"""Running imports."""
