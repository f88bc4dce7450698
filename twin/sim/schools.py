"""How access points name the school they stand at."""

from __future__ import annotations

from twin.model.city import School

__all__ = ["school_sites"]


def school_sites(school: School) -> tuple[str, str]:
    """Return the names under which access points may name a school as their site."""
    return school.id, f"school-{school.id}"
