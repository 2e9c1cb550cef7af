# Every order, page by page (with jq).
cursor=""
while :; do
  page=$(curl -sS --fail-with-body -G "$AFTERWARD_URL/api/v1/orders" \
    -H "Authorization: Bearer $AFTERWARD_KEY" -d limit=2 --data-urlencode "cursor=$cursor")
  echo "$page" | jq -r '.data[].number'
  [ "$(echo "$page" | jq .has_more)" = true ] || break
  cursor=$(echo "$page" | jq -r .next_cursor)
done
