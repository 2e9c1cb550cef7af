const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// What happened, in order. Keep next_cursor, and ask again with it: also at the end, for what happens later.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/events?type=order.placed`, {
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}` },
});
const log = await answer.json();
if (!answer.ok) throw new Error(`${log.code}: ${log.detail}`);
for (const event of log.data) console.log(event.position, event.type, event.order_id);
console.log("go on at", log.next_cursor);
