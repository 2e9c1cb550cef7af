# What happened, in order. Keep next_cursor, and ask again with it: also at the end, for what happens later.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/events?type=order.placed" -H "Authorization: Bearer $AFTERWARD_KEY"
