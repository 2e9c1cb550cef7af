"""B11: what shoppers are told: which messages go out, how, and in which words."""
