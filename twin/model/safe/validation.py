"""From a document to a pydantic model; the first mistake becomes one positioned error."""

from __future__ import annotations

import difflib
import types
import typing
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from twin.model.errors import InputError
from twin.model.safe.document import Document

__all__ = ["parse_model"]

_Model = TypeVar("_Model", bound=BaseModel)

_LONGEST = 300  # characters of what is wrong


def parse_model(model_type: type[_Model], document: Document) -> _Model:
    """Check a document against a model.

    Parameters
    ----------
    model_type : type of BaseModel
        The pydantic model; use ``extra="forbid"``.
    document : Document
        What was read.

    Returns
    -------
    BaseModel
        An instance of `model_type`.

    Raises
    ------
    InputError
        The document does not fit: names the first mistake in the file, its position, the number
        of further ones, and for an unknown key the one that may have been meant.
    """
    if not isinstance(document.data, dict):
        what = "is empty" if document.data is None else "must be a mapping of keys to values"
        known = ", ".join(_keys(model_type))
        raise document.error(what, hint=f"keys are {known}")
    try:
        return model_type.model_validate(document.data)
    except ValidationError as err:
        raise _input_error(model_type, document, err) from err


def _input_error(
    model_type: type[BaseModel], document: Document, err: ValidationError
) -> InputError:
    errors = err.errors(include_url=False, include_input=False)
    first = min(errors, key=lambda error: document.mark(*error["loc"])[:2])
    is_unknown_key = first["type"] == "extra_forbidden"
    keys = document.existing(*first["loc"])
    mark = document.mark(*keys)
    line, column = (mark.key_line, mark.key_column) if is_unknown_key else mark[:2]
    what, hint = _wording(model_type, first, keys)
    what = _one_line(what)
    if len(errors) > 1:
        what += f" (and {len(errors) - 1} more)"
    return InputError(what, document.source, line, column, hint)


def _one_line(text: str) -> str:
    """Keep a message that quotes the file to one line of bearable length."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
    return line if len(text) <= _LONGEST else line + "..."


def _wording(
    model_type: type[BaseModel], error: ErrorDetails, keys: tuple[str | int, ...]
) -> tuple[str, str]:
    """Message and hint for one mistake."""
    name = str(error["loc"][-1]) if error["loc"] else ""
    shown = ".".join(str(key) for key in keys)
    if error["type"] == "extra_forbidden":
        known = sorted({key for model in _models_at(model_type, keys[:-1]) for key in _keys(model)})
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}"
        return f"unknown key {name!r}", hint
    if error["type"] == "missing":
        return f"key {name!r} is missing" + (f" in {shown}" if shown else ""), f"add {name}: ..."
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return (f"{shown}: {message}" if shown else message), ""


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _models_at(
    model_type: type[BaseModel], keys: tuple[str | int, ...]
) -> tuple[type[BaseModel], ...]:
    """Models that may stand at a path: a union has several."""
    models: tuple[type[BaseModel], ...] = (model_type,)
    for key in keys:
        annotations = [
            field.annotation
            for model in models
            for name, field in model.model_fields.items()
            if key in (name, field.alias)
        ]
        if annotations:
            models = tuple(m for note in annotations for m in _models_in(note))
    return models


def _models_in(annotation: object) -> tuple[type[BaseModel], ...]:
    """Models inside an annotation such as ``dict[str, list[Port]] | None``."""
    if isinstance(annotation, types.GenericAlias) or typing.get_origin(annotation):
        inner = [_models_in(arg) for arg in typing.get_args(annotation)]
        return tuple(model for group in inner for model in group)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return ()
