const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// One of them comes back. Sent again with the same key, it is the same return.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/returns`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json", "Idempotency-Key": "return-1042",
  },
  body: JSON.stringify({ order_external_id: "1042", by: "team", lines: [{ line: "L1", reason: "too_small" }] }),
});
const made = await answer.json();
if (!answer.ok) throw new Error(`${made.code}: ${made.detail}`);
console.log(made.number, made.approval_state, made.logistics_state);
