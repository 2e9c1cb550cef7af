"""One message to a segment, once: written, tried, planned, held, stopped and reported (docs/campaigns.md)."""
