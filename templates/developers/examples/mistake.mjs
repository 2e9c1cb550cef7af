const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// A slip of the pen: curency.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/orders`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ external_id: "1044", curency: "EUR", lines: [] }),
});
const problem = await answer.json();
// Decide by the code: it never changes its meaning.
if (problem.code === "invalid_field") console.log("mend", `${problem.param}:`, problem.detail, problem.request_id);
