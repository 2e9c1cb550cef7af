# curl waits as long as Retry-After says, and tries again.
curl -sS --fail-with-body --retry 5 -D - -o /dev/null "$AFTERWARD_URL/api/v1/orders?limit=1" \
  -H "Authorization: Bearer $AFTERWARD_KEY" | grep -i '^ratelimit'
