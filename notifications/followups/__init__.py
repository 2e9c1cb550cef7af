"""What a shopper hears after the parcel: guides, the next bottle, what goes with it, and the days of the year."""
