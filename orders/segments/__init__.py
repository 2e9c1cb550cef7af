"""Who is a good, a new, a lost customer: figures of each customer, and segments over them (docs/segments.md)."""
