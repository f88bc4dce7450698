"""Plans as JSON: additive minor versions are read, other major versions are refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controllers.plan import FORMAT_VERSION, Plan, touched_hash
from twin.model.errors import InputError

__all__ = ["load_plan", "parse_plan", "plan_data", "plan_digest", "save_plan"]

_MAX_BYTES = 50_000_000
_adapter: TypeAdapter[Plan] = TypeAdapter(Plan)


def plan_data(plan: Plan) -> dict[str, Any]:
    """Turn a plan into plain data for JSON.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    dict
        The fields of the plan, and what is derived from them for readers: ``no_op``,
        ``applyable``, ``atomicity`` and the undo of each device; ``plan_sha256`` seals all but
        the effect. Figures that are not numbers are null.
    """
    data: dict[str, Any] = _adapter.dump_python(plan, mode="json")
    data["no_op"] = plan.no_op
    data["applyable"] = plan.applyable
    data["atomicity"] = list(plan.atomicity)
    for entry, part in zip(data["devices"], plan.devices, strict=True):
        entry["undo"] = part.undo
    if data["effect"]:
        for row in data["effect"]["rows"]:
            for name in ("before", "after"):
                row[name] = row[name] if row[name] == row[name] else None
    data["plan_sha256"] = plan_digest(data)
    return data


def plan_digest(data: Mapping[str, Any]) -> str:
    """Digest the data of a plan.

    Parameters
    ----------
    data : mapping
        From `plan_data` or a plan file; fields unknown to this version count too.

    Returns
    -------
    str
        SHA-256 in hex of everything but the digest itself and ``effect``, which nothing rests on.
    """
    sealed = {key: value for key, value in data.items() if key not in ("plan_sha256", "effect")}
    text = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan file.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    text = json.dumps(plan_data(plan), indent=1, sort_keys=True, allow_nan=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as err:
        raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err


def load_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises
    ------
    InputError
        It cannot be read, is not a plan, or was edited.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError("is too large for a plan", str(path))
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"cannot be read ({err.__class__.__name__})", str(path)) from err
    return parse_plan(text, str(path))


def parse_plan(text: str, source: str) -> Plan:
    """Make a plan of its JSON.

    Parameters
    ----------
    text : str
        The JSON.
    source : str
        Where it comes from, for messages.

    Returns
    -------
    Plan
        The plan; fields of newer minor versions are ignored.

    Raises
    ------
    InputError
        Not a plan, of another major version, or changed since it was made.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise InputError("is not JSON", source, hint="make it by stellwerk plan --out") from err
    version = data.get("format_version") if isinstance(data, dict) else None
    if not isinstance(version, str):
        raise InputError("is not a plan", source, hint="make it by stellwerk plan --out")
    if version.split(".")[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise InputError(
            f"has plan format {version}, this version reads {FORMAT_VERSION}",
            source,
            hint="plan again",
        )
    _restore_nan(data)
    try:
        plan = _adapter.validate_python(data)
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(word) for word in first["loc"])
        raise InputError(f"is not a valid plan: {where}: {first['msg']}", source) from err
    if data.get("plan_sha256") != plan_digest(data):
        raise InputError("was edited after it was made", source, hint="plan again")
    if plan.live_hash != touched_hash(plan.devices, {p.device: p.undo for p in plan.devices}):
        raise InputError("was edited after it was made", source, hint="plan again")
    return plan


def _restore_nan(data: dict[str, Any]) -> None:
    """Turn the nulls of an effect back; what is no effect is left to the validation."""
    effect = data.get("effect")
    rows = effect.get("rows") if isinstance(effect, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            row |= {name: float("nan") for name in ("before", "after") if row.get(name) is None}
