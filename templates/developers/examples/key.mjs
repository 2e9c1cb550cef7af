const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// Does the key work? It does when this answers 200 (and 403 when it lacks the scope).
const answer = await fetch(`${AFTERWARD_URL}/api/v1/orders?limit=1`, {
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}` },
});
console.log(answer.status);
