"""The SMTP sink of the chaos test. It keeps only what is counted: thousands of whole mails would be heavy."""

import asyncio
from collections import Counter
from email.parser import BytesHeaderParser
from types import TracebackType
from typing import Any, Self

from tests.smtp_sink import SmtpSink

# The mail is taken, and the answer comes so much later: a worker that dies meanwhile leaves a mail in doubt.
ANSWER_AFTER = 0.02


class CountingSink(SmtpSink):
    """Knows for each mail whom it went to and under which Message-ID."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[str, str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        headers = BytesHeaderParser().parsebytes(envelope.original_content)
        self.taken += [(recipient, str(headers["Message-ID"]).strip()) for recipient in envelope.rcpt_tos]
        await asyncio.sleep(ANSWER_AFTER)
        return "250 taken"

    def ids(self) -> Counter[tuple[str, str]]:
        """How often each pair of recipient and Message-ID arrived."""
        return Counter(self.taken)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
