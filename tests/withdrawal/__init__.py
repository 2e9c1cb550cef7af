"""Withdrawal from contract."""
