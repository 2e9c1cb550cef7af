"""Facts about runs of flows: part of the public API."""

from uuid import UUID

from events.facts import FactData, fact


class FlowFact(FactData):
    """What both tell. name: of the flow, as it was then."""

    flow_id: UUID
    run_id: UUID
    version: int
    name: str = ""


@fact("flow.started")
class FlowStarted(FlowFact):
    """An order began its way through a flow."""


@fact("flow.finished")
class FlowFinished(FlowFact):
    """It came to the end, or was stopped: then `reason` says by what."""

    reason: str = ""
