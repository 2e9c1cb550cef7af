"""Every history over a few steps, and not a sample of them: commands are tried in every state that they lead to.

What a command does depends on the rows that it finds. So two histories that lead to the same rows go on alike, and it
is enough to take every step once from every state that there is: each history of these steps, however long, is a way
through the states that were found.
"""

from collections.abc import Callable, Hashable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import transaction

State = Hashable
M = TypeVar("M")


@dataclass
class Ways:
    """From which state which step leads where."""

    root: State
    steps: dict[State, dict[str, State]] = field(default_factory=dict)
    refused: int = 0

    @property
    def taken(self) -> int:
        """How many steps were taken, each by a command."""
        return sum(len(there) for there in self.steps.values())

    def histories(self, length: int) -> int:
        """How many histories of so many steps there are: each of them was seen to keep the books right."""
        ways: dict[State, int] = {self.root: 1}
        for _ in range(length):
            after: dict[State, int] = {}
            for state, number in ways.items():
                for new in self.steps[state].values():
                    after[new] = after.get(new, 0) + number
            ways = after
        return sum(ways.values())


def explore(
    model: M,
    steps: Sequence[str],
    take: Callable[[str, M], bool | None],
    look: Callable[[], State],
    compare: Callable[[M], None],
) -> Ways:
    """Take every step in every state that can be reached; each is undone by a savepoint.

    take: does a step with the database and the model; whether it was accepted, None where there is nothing to do it
    with. look: what the database has in it, as far as a command could find it. compare: asserts that this is what the
    model says, once for each state.
    """
    ways = Ways(look())
    known: dict[State, M] = {ways.root: model}

    def visit(state: State) -> None:
        there = ways.steps[state] = {}
        for step in steps:
            before, after = transaction.savepoint(), deepcopy(known[state])
            accepted = take(step, after)
            new = state if accepted is None else look()
            if accepted is False:
                assert new == state, f"{step} was refused, and changed something"
                ways.refused += 1
            if accepted is not None:
                there[step] = new
            if new not in known:
                known[new] = after
                compare(after)
                visit(new)
            assert known[new] == after, f"{step} leads to rows that stand for something else"
            transaction.savepoint_rollback(before)

    visit(ways.root)
    return ways
