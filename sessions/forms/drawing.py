"""The fields of a form as HTML: crispy's layout and crispy's markup, without its templates.

It renders a dozen of them for each field. What is not known here is left to crispy itself.
"""

from collections.abc import Iterable
from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Div, Field
from crispy_forms.utils import render_field
from django import forms
from django.forms.boundfield import BoundField
from django.template import Context
from django.template.loader import get_template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from sessions.forms.sheet import More

TYPED = (forms.TextInput, forms.NumberInput, forms.PasswordInput, forms.DateInput, forms.Textarea)
KNOWN = (*TYPED, forms.CheckboxInput, forms.Select)
UNLIKE = (forms.RadioSelect, forms.SelectMultiple)  # these are selects, too, and look otherwise


def draw(form: Any) -> SafeString:
    """Draw what the form's helper lays out; errors of the whole form are the template's own."""
    return _all(form, form.helper.layout.fields)


def _all(form: Any, pieces: Iterable[Any]) -> SafeString:
    return mark_safe("".join(_piece(form, piece) for piece in pieces))  # noqa: S308  all are safe


def _piece(form: Any, piece: Any) -> SafeString:
    if isinstance(piece, str):
        return _named(form, piece)
    if isinstance(piece, More):
        return piece.around(form, _all(form, piece.fields))
    if type(piece) is Div:
        return format_html('<div class="{}">{}</div>', piece.css_class, _all(form, piece.fields))
    if type(piece) is AppendedText and not piece.attrs and _is_known(form[piece.field]):
        return _with_unit(form[piece.field], piece.appended_text, piece.wrapper_class)
    if type(piece) is Field and not piece.attrs and "%s" not in piece.template:
        (name,) = piece.fields
        return SafeString(get_template(piece.template).render({"field": form[name]}))
    return _by_crispy(form, piece)


def _named(form: Any, name: str) -> SafeString:
    bound = form[name]
    if bound.is_hidden:
        return SafeString(bound.as_widget())
    return _field(bound) if _is_known(bound) else _by_crispy(form, name)


def _is_known(bound: BoundField) -> bool:
    widget = bound.field.widget
    return isinstance(widget, KNOWN) and not isinstance(widget, UNLIKE)


def _field(bound: BoundField) -> SafeString:
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return format_html(
            '<div class="mb-3"><div id="div_{}" class="form-check">{}{}{}{}</div></div>',
            bound.auto_id,
            _input(bound),
            _label(bound, "form-check-label"),
            _errors(bound),
            _help(bound),
        )
    return format_html(
        '<div id="div_{}" class="mb-3">{}{}{}{}</div>',
        bound.auto_id,
        _label(bound, "form-label"),
        _input(bound),
        _errors(bound),
        _help(bound),
    )


def _with_unit(bound: BoundField, unit: str, css: str | None) -> SafeString:
    return format_html(
        '<div id="div_{}" class="mb-3{}{}">{}<div><div class="input-group">{}'
        '<span class="input-group-text">{}</span>{}</div>{}</div></div>',
        bound.auto_id,
        f" {css}" if css else "",
        " has-danger" if bound.errors else "",
        _label(bound, "form-label"),
        _input(bound),
        unit,
        _errors(bound),
        _help(bound),
    )


def _input(bound: BoundField) -> SafeString:
    widget = bound.field.widget
    kind = "form-control"
    if isinstance(widget, forms.CheckboxInput):
        kind = "form-check-input"
    elif isinstance(widget, forms.Select):
        kind = "form-select"
    wrong = " is-invalid" if bound.errors else ""
    return SafeString(
        bound.as_widget(attrs={"class": f"{type(widget).__name__.lower()} {kind}{wrong}"})
    )


def _label(bound: BoundField, css: str) -> SafeString:
    required = bound.field.required
    return format_html(
        '<label for="{}" class="{}{}">{}{}</label>',
        bound.id_for_label,
        css,
        " requiredField" if required else "",
        bound.label,
        mark_safe('<span class="asteriskField">*</span>') if required else "",
    )


def _errors(bound: BoundField) -> SafeString:
    if not bound.errors:
        return SafeString("")
    lines = format_html_join(
        "",
        '<span id="error_{}_{}"><strong>{}</strong></span>',
        ((number, bound.auto_id, error) for number, error in enumerate(bound.errors, start=1)),
    )
    return format_html('<div id="{}_error" class="invalid-feedback">{}</div>', bound.auto_id, lines)


def _help(bound: BoundField) -> SafeString:
    if not bound.help_text:
        return SafeString("")
    words = bound.help_text
    return format_html('<div id="{}_helptext" class="form-text">{}</div>', bound.auto_id, words)


def _by_crispy(form: Any, piece: Any) -> SafeString:
    form.rendered_fields, form.crispy_field_template = set(), None
    return render_field(piece, form, Context(form.helper.get_attributes()))
