"""A form that edits a row and, after somebody else's save, shows what stands now."""

from typing import Any

from clinic.forms import VersionedForm


class EditForm(VersionedForm):
    """The template shows `now_stands` beside the fields of a form that came too late."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now_stands: dict[str, str] = {}

    def compare_with(self, current: dict[str, Any]) -> None:
        """After a refused save: keep what was typed, show what differs, and allow another try."""
        self.ask_again(version=current["version"])
        for bound in self.visible_fields():
            if self.cleaned_data.get(bound.name) != current[bound.name]:
                self.now_stands[bound.name] = _said(bound.field, current[bound.name])


def _said(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(dict(getattr(field, "choices", ())).get(value, value) or "empty")
