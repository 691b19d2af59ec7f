"""Plain inputs, written in Python: a template for each button of a scale is most of a form."""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

FOLDER = "django/forms/widgets"
INPUTS = {
    f"{FOLDER}/{name}.html"
    for name in ("checkbox", "date", "email", "hidden", "input", "number", "password", "text")
}
OPTION = f"{FOLDER}/radio_option.html"


class PlainInputs(DjangoTemplates):
    """Render as Django's own templates do, to the letter."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget = context.get("widget", {})
        is_plain = template_name == OPTION and not widget.get("wrap_label")
        if is_plain or template_name in INPUTS:
            return input_tag(widget)
        return super().render(template_name, context, request)


def input_tag(widget: Mapping[str, Any]) -> SafeString:
    value = "" if widget["value"] is None else f' value="{escape(str(widget["value"]))}"'
    attributes = "".join(map(_attribute, widget["attrs"].items()))
    tag = f'<input type="{widget["type"]}" name="{escape(widget["name"])}"{value}{attributes}>'
    return mark_safe(tag)  # noqa: S308  each value is escaped


def _attribute(pair: tuple[str, Any]) -> str:
    name, value = pair
    if value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
