"""The shape of `city.yaml`, the file that holds a city folder together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["SCHEMA_FILE", "CityFile", "Network", "Place", "Subject", "TableEntry", "schema_text"]

SCHEMA_FILE = Path(__file__).with_name("city.schema.json")

Subject = Literal[
    "districts",
    "census",
    "schools",
    "stops",
    "buildings",
    "sites",
    "cells",
    "access_points",
    "radios",
    "switches",
    "ports",
    "cabinets",
    "lamps",
    "lines",
    "signals",
    "power_nodes",
    "offices",
    "fibre_nodes",
    "fibre_links",
    "gateways",
    "wireless_customers",
    "assumptions",
]

Line = Annotated[str, Field(min_length=1, pattern=r"^[^\n]*$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Place(_Model):
    """A point on the globe."""

    lat_deg: float = Field(ge=-90, le=90, description="Latitude. [deg]")
    lon_deg: float = Field(ge=-180, le=180, description="Longitude. [deg]")


class Network(_Model):
    """A Wi-Fi network that access points offer."""

    name: str = Field(min_length=1, max_length=32, description="The SSID.")
    enabled: bool = Field(default=True, description="On the air.")
    hidden: bool = Field(default=False, description="Name is not in the beacon.")
    station_isolation: bool = Field(default=True, description="Stations cannot talk to each other.")


class TableEntry(_Model):
    """One table of the folder, where it comes from and under which licence."""

    file: str = Field(
        pattern=r"^[a-z0-9_]+\.(csv|geojson)$", description="Name of the file in this folder."
    )
    subject: Subject = Field(description="What its rows are.")
    source: Line = Field(description="Where the figures come from.")
    licence: Line = Field(description="Licence of the table.")
    attribution: Line = Field(description="The words the licence asks for.")
    changed: bool = Field(default=True, description="Differs from the source.")
    synthetic: bool = Field(
        default=False, description="Generated because no open data was to hand."
    )
    note: str = Field(default="", description="What was done to the source.")
    assumptions: list[Line] = Field(
        default_factory=list, description="Figures from general knowledge, unchecked."
    )


class CityFile(_Model):
    """A city: its name, its place and its tables."""

    format: Literal[1] = Field(description="Version of this format.")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="Name in commands.")
    title: Line = Field(description="Name for readers.")
    seed: int = Field(ge=0, description="Seed of the generated tables.")
    timezone: str = Field(description="Name in the IANA time zone database.")
    centre: Place = Field(description="For sunrise and sunset.")
    outline: str = Field(description="Code of the district that is the whole city.")
    street_km: float = Field(default=0.0, ge=0, description="Length of lit streets. [km]")
    networks: dict[str, list[Network]] = Field(
        default_factory=dict, description="Sets of Wi-Fi networks, named by access points."
    )
    tables: list[TableEntry] = Field(description="The files of the folder.")

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise ValueError(f"unknown time zone {value!r}, such as Europe/Berlin") from err
        return value


def schema_text() -> str:
    """Make the JSON schema of `city.yaml`, for editors; shipped as `SCHEMA_FILE`.

    Returns
    -------
    str
        The schema, draft 2020-12; ``python -m twin.geo.schema`` writes it.
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CityFile.model_json_schema(),
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8", newline="\n")
