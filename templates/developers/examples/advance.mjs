const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// Let the next three steps of every simulated parcel happen now.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/sandbox/advance`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ steps: 3 }),
});
const moved = await answer.json();
if (!answer.ok) throw new Error(`${moved.code}: ${moved.detail}`);
for (const shipment of moved.data) console.log(shipment.tracking_number, shipment.status);
