"""Flows: the list, the editor as a list of steps, and what runs did."""
