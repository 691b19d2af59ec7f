"""How the fields of a form are laid out."""

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString

from patients.markup import rendered

register = template.Library()


@register.filter
def is_wide(field: BoundField) -> bool:
    """Say whether a field takes the whole row: long texts and yes-or-no questions."""
    long = getattr(field.field, "max_length", None) or 0
    return isinstance(field.field.widget, forms.Textarea | forms.CheckboxInput) or long >= 240


@register.filter
def now_stands(form: forms.Form, name: str) -> str:
    """Return what stands in the record after a refused save, where it differs."""
    return str(getattr(form, "now_stands", {}).get(name, ""))


@register.filter
def markup(text: str) -> SafeString:
    """Show the little Markdown of consent texts."""
    return rendered(text)
