"""R4 validation of one resource at a time, so that a bad one costs only itself."""

import re
from functools import cache
from importlib import import_module
from typing import Any

from patients.fhir.decode import Json, children
from patients.fhir.report import Unusable
from patients.fhir.version import other_version

# Never read: a fault in the narrative, a picture or an extension must not cost the resource.
_UNREAD = frozenset({"text", "contained", "extension", "photo", "meta"})
_MOST_VALUES = 5_000
_ELEMENT = re.compile(r"[A-Za-z]{1,40}")
_NOT_IN_R4 = "extra_forbidden"


@cache
def _models() -> Any:
    """Load them for the first file: a web process that never imports one stays small."""
    return import_module("patients.fhir.models")


def validate(resource: Json) -> Any:
    """Return the resource as a validated R4 model, or raise Unusable."""
    if version := other_version(resource):
        raise Unusable(f"the resource has the shape of FHIR {version}, not R4")
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        raise Unusable("the resource carries a modifier that Taper does not know")
    _check_size(resource)
    models = _models()
    model = models.MODELS[resource["resourceType"]]
    read = {name: value for name, value in resource.items() if name not in _UNREAD}
    try:
        return model.model_validate(read)
    except models.ModelError as error:
        raise Unusable(_reason(error)) from None
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        raise Unusable("the resource is not valid in FHIR R4") from None


def _check_size(resource: Json) -> None:
    """Validation takes time and memory for each value, however little of it is used."""
    level: list[Any] = [resource]
    count = 0
    while level:
        level = [child for value in level for child in children(value)]
        count += len(level)
        if count > _MOST_VALUES:
            raise Unusable("the resource is far larger than Taper expects")


def _reason(error: Any) -> str:
    """Name the element, never a value: the reason is logged and printed."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = [part for part in first["loc"] if isinstance(part, str)]
    if first["type"] == _NOT_IN_R4:
        place = _dotted(path[:-1])
        return f"{f'“{place}”' if place else 'the resource'} has an element that R4 does not know"
    if not path:
        return "the resource breaks a rule of FHIR R4 on its elements"
    verb = "is missing" if "missing" in first["type"] else "is not valid in FHIR R4"
    return f"“{_dotted(path)}” {verb}"


def _dotted(path: list[str]) -> str:
    return ".".join(part for part in path if _ELEMENT.fullmatch(part))
