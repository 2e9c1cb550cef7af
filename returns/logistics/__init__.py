"""The way back: labels, parcels, packing slips."""
