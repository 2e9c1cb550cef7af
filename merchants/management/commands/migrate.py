"""`migrate`, without drawing every model anew at each step.

While migrations run, Django keeps a class of every model, and draws anew what a change may concern: everything that is
related to the changed model in any direction. Here everything belongs to a merchant, so that was every model, for each
of hundreds of steps: 21,000 classes and most of the time. A change concerns the model and those that point to it,
directly or through others; the models that it points to do not change. They keep an outdated list of who points to
them, which only a changed primary key would read, and no primary key of ours changes its column.
"""

from collections.abc import Iterable
from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db.migrations.state import ProjectState

Key = tuple[str, str]


def concerned(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> set[Key]:
    """The models to draw anew for a change of this one: itself, and whatever points to it."""
    if delay:
        state.is_delayed = True
    pointing: dict[Key, set[Key]] = {}
    for (label, name), model in state.models.items():
        for target in _targets(label, name, model):
            pointing.setdefault(target, set()).add((label, name))
    found, waiting = set(), [(app_label, model_name)]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += pointing.get(key, ())
    return found


def _targets(label: str, name: str, model: Any) -> Iterable[Key]:
    """What a model of the state points to or is built on."""
    for field in model.fields.values():
        related = field.remote_field.model if field.is_relation and field.remote_field else None
        through = getattr(field.remote_field, "through", None) if field.is_relation else None
        for target in (related, through):
            if target is not None:
                yield _key(target, label, name)
    for base in model.bases:
        if isinstance(base, str):
            yield _key(base, label, name)


def _key(target: Any, label: str, name: str) -> Key:
    if not isinstance(target, str):
        return target._meta.app_label, target._meta.model_name
    if target == "self":
        return label, name
    there, _, model = target.rpartition(".")
    return there or label, model.lower()


class Command(Migrate):
    """Django's command; what it does is the same."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it with `concerned` in the place of Django's own search."""
        own = ProjectState._find_reload_model  # type: ignore[attr-defined]
        ProjectState._find_reload_model = concerned  # type: ignore[attr-defined]
        try:
            super().handle(*args, **options)
        finally:
            ProjectState._find_reload_model = own  # type: ignore[attr-defined]
