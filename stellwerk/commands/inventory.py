"""`stellwerk inventory`: show, check and import the list of devices."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from controllers.discovery_lldp import discover as search
from controllers.discovery_lldp import networks_around
from controllers.drivers import make_driver
from controllers.inventory import dump_inventory, inventory_text, load_inventory, select
from controllers.ports import Device
from controllers.profiles import profile_of
from controllers.profiles.profile import expand
from controllers.secret_sources import fetch_secret
from controllers.software import read_versions
from controllers.sources import Imported, Row, devices_of
from controllers.sources.ansible import read_ansible
from controllers.sources.csv_file import read_csv
from controllers.sources.netbox import fetch_netbox, read_netbox_json
from stellwerk.change import InventoryOption
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, columns, notes, print_json, print_line, waiting
from stellwerk.settings import load_settings
from twin.model.errors import DeviceUnreachable, InputError
from twin.model.quote import quoted

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The list of devices.")

_SHOWN = 12
LimitOption = Annotated[str, typer.Option("--limit", help="Narrow to a selection.")]


@app.command()
def show(
    *, inventory: InventoryOption = "", limit: LimitOption = "", json: JsonOption = False
) -> None:
    """Show devices with everything that groups, roles and defaults say of them."""
    path = Path(load_settings(inventory=inventory).inventory)
    devices = select(load_inventory(path), limit)
    if json:
        print_json({"inventory": str(path), "devices": [entry_of(device) for device in devices]})
        return
    heads = ["device", "kind", "profile", "host", "port", "site", "role", "groups"]
    rows = [
        [d.id, d.kind, d.profile, d.host, str(d.port), d.site, d.role, " ".join(d.groups)]
        for d in devices
    ]
    columns(f"{len(devices)} devices", heads, rows)


def entry_of(device: Device) -> dict[str, object]:
    """Make plain data of a device; secrets stay references.

    Parameters
    ----------
    device : Device
        The device.

    Returns
    -------
    dict
        Its entry, in full.
    """
    return {
        "id": device.id,
        "kind": device.kind,
        "profile": device.profile,
        "host": device.host,
        "port": device.port,
        "username": device.username,
        "secrets": dict(device.secrets),
        "known_hosts": device.known_hosts,
        "site": device.site,
        "origin": device.origin,
        "upstream": device.upstream,
        "role": device.role,
        "groups": list(device.groups),
        "instances": {name: list(names) for name, names in device.instances.items()},
        "options": dict(device.options),
        "vars": dict(device.vars),
    }


@app.command()
def check(
    *, inventory: InventoryOption = "", limit: LimitOption = "", json: JsonOption = False
) -> None:
    """Check that every device fits its profile and that its secrets can be fetched."""
    path = Path(load_settings(inventory=inventory).inventory)
    devices = select(load_inventory(path), limit)
    problems = [problem for device in devices for problem in _problems(device)]
    if json:
        kinds = dict(Counter(device.kind for device in devices))
        print_json({"devices": len(devices), "kinds": kinds, "problems": problems})
    else:
        for problem in problems:
            print_line(f"{problem['device']}: {problem['what']}")
        print_line(f"{len(devices)} devices, {len(problems)} problems")
    if problems:
        raise typer.Exit(Exit.ERROR)


def _problems(device: Device) -> list[dict[str, str]]:
    found = []
    try:
        n_attributes = sum(1 for _ in expand(profile_of(device), device))
        if not n_attributes:
            found.append(f"profile {device.profile} maps nothing on it; look at its instances")
    except InputError as err:
        found.append(str(err))
    for reference in device.secrets.values():
        try:
            fetch_secret(reference, device.base)
        except InputError as err:
            found.append(str(err))
    if device.known_hosts and not (device.base / device.known_hosts).is_file():
        found.append(f"there is no file {device.base / device.known_hosts}")
    return [{"device": device.id, "what": what} for what in found]


@app.command()
def versions(
    *, inventory: InventoryOption = "", limit: LimitOption = "", json: JsonOption = False
) -> None:
    """Ask devices which software they run."""
    path = Path(load_settings(inventory=inventory).inventory)
    devices = select(load_inventory(path), limit)
    with waiting(f"asking {len(devices)} devices"):
        found = read_versions(devices, make_driver)
    profiles = {device.id: device.profile for device in devices}
    failed = {name: err.reason for name, err in found.failed.items()}
    if json:
        print_json(
            {
                "versions": dict(found.known),
                "unmapped": found.unmapped,
                "failed": failed,
            }
        )
    else:
        counts = Counter((profiles[name], v or "not told") for name, v in found.known.items())
        rows = [[profile, v, str(n)] for (profile, v), n in sorted(counts.items())]
        columns("Software", ["profile", "version", "devices"], rows)
        for name, reason in failed.items():
            notes.print(f"not asked: {name}: {reason}", markup=False)
        if found.unmapped:
            notes.print(f"{len(found.unmapped)} devices cannot tell", markup=False)
    if any(isinstance(err, DeviceUnreachable) for err in found.failed.values()):
        raise typer.Exit(Exit.TRY_LATER)
    if failed:
        raise typer.Exit(Exit.ERROR)


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            help="netbox:https://HOST, netbox:FILE, csv:FILE, nornir:DIR or ansible:FILE."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Inventory file to write.")],
    *,
    profile: Annotated[
        list[str] | None,
        typer.Option("--profile", help="PLATFORM=PROFILE (platform, type or role); repeat."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN of a CSV file, vars.NAME=COLUMN too; repeat."),
    ] = None,
    site: Annotated[str, typer.Option("--site", help="One site of NetBox only (its slug).")] = "",
    token_from: Annotated[
        str, typer.Option("--token-from", help="Reference to NetBox's token, never the token.")
    ] = "env:NETBOX_TOKEN",  # noqa: S107 - a reference
    ca_file: Annotated[
        str, typer.Option("--ca-file", help="Certificates that vouch for NetBox (PEM).")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    json: JsonOption = False,
) -> None:
    """Write an inventory of what NetBox, a CSV file, Nornir or Ansible knows."""
    if out.exists() and not force:
        raise InputError("exists already", str(out), hint="name another file, or say --force")
    with waiting(f"reading {source.partition(':')[0]}"):
        found = _imported(
            source,
            profiles=_pairs("--profile", profile),
            mapped=_pairs("--map", column),
            token=token_from,
            ca_file=ca_file,
            site=site,
            base=out.parent,
        )
    if not found.devices:
        first = found.refused[0] if found.refused else "there are none"
        raise InputError(f"no device can be taken over: {first}", source)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        dump_inventory(found.devices, out)
    except OSError as err:
        raise InputError("cannot be written", str(out), hint=str(err.strerror)) from err
    _tell(found, out, json=json)


def _tell(found: Imported, out: Path, *, json: bool) -> None:
    if json:
        kinds = dict(Counter(device.kind for device in found.devices))
        print_json(
            {
                "inventory": str(out),
                "devices": len(found.devices),
                "kinds": kinds,
                "refused": found.refused,
            }
        )
        return
    for line in found.refused[:_SHOWN]:
        notes.print(f"left out: {line}", markup=False)
    if len(found.refused) > _SHOWN:
        notes.print(f"left out: {len(found.refused) - _SHOWN} more", markup=False)
    notes.print(f"wrote {len(found.devices)} devices to {out}", markup=False)


@app.command()
def discover(
    start: Annotated[str, typer.Option("--from", help="Devices to begin at (a selection).")],
    *,
    inventory: InventoryOption = "",
    within: Annotated[
        list[str] | None,
        typer.Option(
            "--within", help="Network that may be asked; those around --from if not given."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the proposals as inventory file.")
    ] = None,
    max_devices: Annotated[int, typer.Option("--max-devices", min=1, max=10_000)] = 500,
    max_depth: Annotated[int, typer.Option("--max-depth", min=1, max=32)] = 4,
    per_second: Annotated[
        float, typer.Option("--per-second", min=0.1, max=1000.0, help="Devices asked in a second.")
    ] = 10.0,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    json: JsonOption = False,
) -> None:
    """Search for devices from neighbour to neighbour (LLDP over SNMP); changes nothing."""
    if out is not None and out.exists() and not force:
        raise InputError("exists already", str(out), hint="name another file, or say --force")
    known = load_inventory(Path(load_settings(inventory=inventory).inventory))
    seeds = select(known, start)
    if not seeds:
        raise InputError(f"no device matches {quoted(start)}", "--from")
    networks = _networks(within) if within else networks_around(seeds)
    with waiting("asking neighbours"):
        found = search(
            seeds, known, networks,
            max_devices=max_devices, max_depth=max_depth, per_second=per_second,
        )  # fmt: skip
    if out is not None and found.devices:
        # As a file to include: what feeds the new devices may stand in the inventory itself.
        out.write_text(inventory_text(found.devices), encoding="utf-8")
    if json:
        print_json(
            {
                "asked": found.n_asked,
                "devices": [entry_of(device) for device in found.devices],
                "upstreams": found.upstreams,
                "left_out": found.left_out,
            }
        )
        return
    for line in found.left_out:
        notes.print(line, markup=False)
    for name, upstream in found.upstreams.items():
        print_line(f"# {name}: upstream: {upstream}")
    if found.devices and out is None:
        print_line(inventory_text(found.devices).rstrip())
    notes.print(
        f"{found.n_asked} devices asked, {len(found.devices)} proposed"
        f"{f' in {out}' if out else ''}", markup=False,
    )  # fmt: skip


def _networks(words: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word) for word in words]
    except ValueError as err:
        raise InputError(str(err), "--within", hint="write it like 10.1.0.0/16") from err


def _pairs(flag: str, words: Sequence[str] | None) -> dict[str, str]:
    pairs = {}
    for word in words or ():
        name, sign, value = word.partition("=")
        if not sign or not name or not value:
            raise InputError(f"{quoted(word)} is no pair", flag, hint="write NAME=VALUE")
        pairs[name] = value
    return pairs


def _imported(
    source: str,
    *,
    profiles: Mapping[str, str],
    mapped: Mapping[str, str],
    token: str,
    ca_file: str,
    site: str,
    base: Path,
) -> Imported:
    scheme, _, rest = source.partition(":")
    rows: list[Row]
    if scheme == "nornir" and rest:
        return Imported(devices=load_inventory(Path(source)))
    if scheme == "netbox" and rest.startswith(("http://", "https://")):
        rows = fetch_netbox(rest, fetch_secret(token, Path()), ca_file=ca_file, site=site)
    elif scheme == "netbox" and rest.endswith(".json"):
        rows = read_netbox_json(Path(rest))
    elif scheme == "ansible" and rest:
        rows = list(read_ansible(Path(rest)))
    elif scheme in ("netbox", "csv") and rest:
        rows = list(read_csv(Path(rest), mapped))
    else:
        raise InputError(
            f"{quoted(source)} is no inventory we can read",
            hint="write netbox:https://HOST, netbox:FILE, csv:FILE, nornir:DIR or ansible:FILE",
        )
    return devices_of(rows, profiles=profiles, base=base)
