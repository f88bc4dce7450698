"""Write the reference pages that are drawn from the code; a test holds them current.

Usage: python tools/write_reference.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from twin.model.attributes import KINDS, Attribute  # noqa: E402

PAGES = ROOT / "docs" / "reference"

ATTRIBUTES = """# Attributes of devices

What can be set (rw) and read (ro) on each kind of device. Intents, plans, profiles, drivers,
emulators and the world all use these paths; a name in braces stands for an instance, so that
`radio/{radio}/channel` is written `radio/2/channel`. This page is written by
`python tools/write_reference.py` from `twin/model/attributes.py`.
"""


def attributes_page() -> str:
    """Draw the page of attributes."""
    parts = [ATTRIBUTES]
    for kind, attributes in KINDS.items():
        parts.append(f"\n## {kind}\n\n| path | access | type | values | meaning |")
        parts.append("\n|---|---|---|---|---|\n")
        parts += [
            f"| `{a.template}` | {'rw' if a.writable else 'ro'} | {a.type} | {_values(a)} "
            f"| {a.doc} |\n"
            for a in attributes
        ]
    return "".join(parts)


def _values(attribute: Attribute) -> str:
    if attribute.choices:
        return ", ".join(attribute.choices)
    if attribute.type == "str":
        return f"at most {attribute.max_length} bytes"
    low, high = attribute.minimum, attribute.maximum
    words = ""
    if low is not None and high is not None:
        words = f"{low:g} to {high:g}"
    elif low is not None:
        words = f"{low:g} or more"
    if attribute.tolerance:
        words += f", same within {attribute.tolerance:g}"
    return f"{words} {attribute.unit}".strip()


def pages() -> dict[Path, str]:
    """Draw every generated page."""
    return {PAGES / "attributes.md": attributes_page()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
