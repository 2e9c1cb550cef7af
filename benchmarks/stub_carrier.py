"""A carrier on loopback that takes its time: every number is on its way, answered in DHL's form after 200 ms.

`python -m benchmarks.stub_carrier SECONDS` prints its port and serves until it is ended. A process of its own, so that
its work is not taken for ours.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

_STEPS = (("Hamburg", 30), ("Hannover", 20), ("Berlin", 8))


def answer(number: str) -> bytes:
    """What it says about a number: three scans of the last days."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    events = [
        {
            "timestamp": (now - timedelta(hours=hours)).isoformat(), "statusCode": "transit", "status": "transit",
            "description": f"The shipment has been processed in {city}",
            "location": {"address": {"addressLocality": city, "countryCode": "DE"}},
        }
        for city, hours in reversed(_STEPS)
    ]  # fmt: skip
    shipment = {"id": number, "service": "parcel-de", "status": events[0], "events": events}
    return json.dumps({"shipments": [shipment]}).encode()


async def serve(seconds: float) -> None:
    """Serve on a free port of loopback, which is printed first."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            await asyncio.sleep(seconds)
            number = parse_qs(urlsplit(line.split()[1].decode()).query)["trackingNumber"][0]
            body = answer(number)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
