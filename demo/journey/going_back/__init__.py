"""What goes back: returns, exchanges, withdrawals, and claims under the parcel protection."""
