# Let the next three steps of every simulated parcel happen now.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/sandbox/advance" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" -d '{"steps": 3}'
