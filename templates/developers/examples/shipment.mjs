const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// Tell that it was handed over. The carrier "sandbox" takes the journey that the number names.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/shipments`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ order_external_id: "1042", carrier: "sandbox", tracking_number: "SBX-DELIVERED-1042" }),
});
const shipment = await answer.json();
if (!answer.ok) throw new Error(`${shipment.code}: ${shipment.detail}`);
console.log(shipment.id, shipment.status);
