"""Returns in figures: how much comes back, of what, why, what it costs, and how long money takes (A3)."""
