"""Posting forms as a browser does: with the values and hidden fields of the page."""

from typing import Any

from django.test import Client


def post(client: Client, url: str, values: dict[str, Any], **changes: Any) -> Any:
    """Open the page, then post its own key and version with the typed values."""
    form = client.get(url).context["form"]
    hidden = {bound.name: bound.value() for bound in form.hidden_fields() if bound.value()}
    return client.post(url, {**hidden, **values, **changes})
