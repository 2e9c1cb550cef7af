const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// GET, and once more after the time that the answer asks for.
async function patientGet(path) {
  for (;;) {
    const answer = await fetch(AFTERWARD_URL + path, { headers: { Authorization: `Bearer ${AFTERWARD_KEY}` } });
    if (![429, 503].includes(answer.status)) return answer;
    await new Promise((done) => setTimeout(done, 1000 * (answer.headers.get("Retry-After") ?? 1)));
  }
}

const answer = await patientGet("/api/v1/orders?limit=1");
console.log("RateLimit-Remaining:", answer.headers.get("RateLimit-Remaining"));
