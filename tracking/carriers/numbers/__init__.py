"""Which carrier a tracking number belongs to, by published formats and check digits."""
