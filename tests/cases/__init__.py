"""Cases: what shoppers report."""
