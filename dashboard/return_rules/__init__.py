"""Settings › Return rules: rules as sentences, their draft, their versions, and how they would have fared (B8)."""
