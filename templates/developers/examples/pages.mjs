const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// All entries of a list, page by page.
async function* every(path, query = {}) {
  for (;;) {
    const answer = await fetch(`${AFTERWARD_URL}/api/v1/${path}?${new URLSearchParams(query)}`, {
      headers: { Authorization: `Bearer ${AFTERWARD_KEY}` },
    });
    const page = await answer.json();
    if (!answer.ok) throw new Error(`${page.code}: ${page.detail}`);
    yield* page.data;
    if (!page.has_more) return;
    query.cursor = page.next_cursor;
  }
}

for await (const order of every("orders", { limit: 2 })) console.log(order.number);
