"""Reading the open scope's marketing tools."""

from notifications.marketing_tools.models import MarketingTool


def tool_of(channel: str) -> MarketingTool | None:
    """The tool that is set up for a channel, None without one: one query."""
    return MarketingTool.objects.filter(channel=channel).first()


def tools() -> dict[str, MarketingTool]:
    """All that are set up, by their channel: one query."""
    return {row.channel: row for row in MarketingTool.objects.all()}
