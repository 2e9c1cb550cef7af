# Does the key work? It does when this answers 200 (and 403 when it lacks the scope).
curl -sS -o /dev/null -w '%{http_code}\n' "$AFTERWARD_URL/api/v1/orders?limit=1" \
  -H "Authorization: Bearer $AFTERWARD_KEY"
