"""The one error a template can end in."""

from liquid.exceptions import LiquidError


class TemplateError(ValueError):
    """A template that cannot be compiled or filled.

    `what` is a sentence for the person who wrote the template; `line` is where, counted from 1,
    when known.
    """

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {what}" if line else what)
        self.what = what
        self.line = line

    @classmethod
    def from_liquid(cls, error: LiquidError) -> "TemplateError":
        """The same error with the place Liquid reports, and without its drawing of the source."""
        message = str(error.message or type(error).__name__)
        token = error.token
        if token is None or token.start_index < 0:
            return cls(message)
        return cls(message, token.source.count("\n", 0, token.start_index) + 1)
