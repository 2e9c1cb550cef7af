"""Protection claims."""
