"""The access points and switches of a city as several systems share them: built and driven once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint, City, Switch
from twin.sim.failures import AP_RATE, Failures
from twin.sim.kernel import Due
from twin.sim.profiles import mobile_weight
from twin.sim.schools import school_sites
from twin.sim.supply import SupplyKind
from twin.sim.system import Context, DeviceFleet
from twin.sim.wifi.assumptions import figure
from twin.sim.wifi.devices import AccessPointDevices
from twin.sim.wifi.fleet import PUBLIC, SCHOOL, WifiFleet
from twin.sim.wifi.switches import SwitchFleet

__all__ = ["SWITCH_BOOT_S", "Air", "shared_air"]

SWITCH_BOOT_S = figure("switch_boot_s")
"""A switch boots for so long once it has power, then feeds its ports. [s]"""

_KEY = "wifi"
_PURPOSES = ("places", "traffic", "air")
_KINDS: tuple[SupplyKind, SupplyKind] = ("power", "link")
_Floats = NDArray[np.float64]
_Follows = Callable[[float, float], None]
_Precedes = Callable[[float], None]


def shared_air(context: Context) -> Air:
    """Return the access points of buildings and places of a run, made by whoever asks first.

    Those on vehicles are not among them: they belong to the system of public transport.

    Parameters
    ----------
    context : Context
        Of the run.

    Returns
    -------
    Air
        The same for every caller.
    """
    air = context.shared.get(_KEY)
    if not isinstance(air, Air):
        air = context.shared[_KEY] = _make(context)
    return air


def _make(context: Context) -> Air:
    city, hidden = context.city, context.hidden
    schools = {site for school in city.schools for site in school_sites(school)}
    sites = {ap.site for ap in city.access_points if context.is_managed(ap.id)}
    chosen = [
        i
        for i, ap in enumerate(city.access_points)
        if ap.placement != "vehicle"
        and (ap.site in sites or (bool(ap.switch) and context.is_managed(ap.switch)))
    ]
    aps = [city.access_points[i] for i in chosen]
    use = [SCHOOL if ap.site in schools else PUBLIC for ap in aps]
    rows = np.array(chosen, dtype=np.int64)
    errors = (hidden.ap_power_db[rows], hidden.ap_dx_m[rows], hidden.ap_dy_m[rows])
    switches = [switch for switch in city.switches if context.is_managed(switch.id)]
    return Air(context, _KEY, aps, use, errors, switches)


class Air:
    """Access points with their switches, and what happens to them by itself.

    Time, supply, failures, repairs and radio management; sessions are brought by the systems.

    Parameters
    ----------
    context : Context
        Of the run.
    name : str
        Prefix of the random streams and name in messages.
    aps : sequence of AccessPoint
        Access points as the inventory has them.
    use : sequence of int
        Use of each.
    errors : triple of ndarray
        Hidden error of the power [dB] and of the position [m] of each.
    switches : sequence of Switch
        What feeds them, as far as it is managed.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        aps: Sequence[AccessPoint],
        use: Sequence[int],
        errors: tuple[_Floats, _Floats, _Floats],
        switches: Sequence[Switch] = (),
    ) -> None:
        self._context, self._name, city = context, name, context.city
        rngs = {purpose: context.rng(f"{name}/{purpose}") for purpose in _PURPOSES}
        self.fleet = WifiFleet(aps, use, errors, rngs)
        self.devices_of_aps = AccessPointDevices(self.fleet)
        names = {switch.id for switch in switches}
        fed = {(ap.switch, ap.port): i for i, ap in enumerate(aps) if ap.switch in names}
        self.switches = SwitchFleet(switches, self.fleet, fed)
        self._hanging = _hanging(city, aps, switches)
        self._switches_at: dict[str, list[str]] = {}
        for switch in switches:
            self._switches_at.setdefault(switch.site, []).append(switch.id)
        self._unfed_at: dict[str, list[int]] = {}
        for i, ap in enumerate(aps):
            if ap.switch not in names:
                self._unfed_at.setdefault(ap.site, []).append(i)
        self._use_of_switch = _use_of_switches(city, aps, switches)
        self._failures = Failures(
            context.kernel,
            name,
            context.rng(f"{name}/failures"),
            AP_RATE,
            context.failure_factor,
            count=self._n_working,
            fail=self._fail_one,
            repair=self.repair,
        )
        self._booting: dict[str, Due] = {}
        self._followers: list[_Follows] = []
        self._predecessors: list[_Precedes] = []
        self._is_started = False
        self._refreshes = False

    # What systems ask for

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the devices by kind: ``ap`` and ``switch``."""
        return {"ap": self.devices_of_aps, "switch": self.switches}

    def devices(self, use: int) -> Mapping[str, str]:
        """Return the kinds of the managed devices of a use by their ids.

        A switch whose access points are all at schools is the schools'; every other is public.
        """
        aps = {
            ap: "ap"
            for ap, kind in zip(self.fleet.ids, self.fleet.use, strict=True)
            if kind == use and self._context.is_managed(ap)
        }
        return aps | {
            switch: "switch"
            for switch in self.switches.ids
            if self._use_of_switch[switch] == use and self._context.is_managed(switch)
        }

    def precede(self, told: _Precedes) -> None:
        """Have a bound method called with the length in seconds before each step of the air."""
        self._predecessors.append(told)

    def follow(self, told: _Follows) -> None:
        """Have a bound method called with (now, length) in seconds after each step of the air."""
        self._followers.append(told)

    def start(self) -> None:
        """Let the stations that are there join; at the first call begin to live.

        Each system first brings the sessions under way, then calls this.
        """
        context = self._context
        if not self._is_started and (self.fleet.ids or self.switches.ids):
            self._is_started = True
            context.supply.watch(self._hanging, self._hear)
            for consumer in self._hanging:
                for kind in _KINDS:
                    if not context.supply.is_supplied(consumer, kind):
                        self._hear(consumer, kind, False)
            context.kernel.after(context.tick_s, self._name, self._tick)
            context.kernel.after(figure("radio_management_s"), self._name, self._manage_radios)
            if self.fleet.ids:
                self._failures.start()
        self.fleet.refresh(context.kernel.now_s)

    # Time

    def _tick(self) -> None:
        context = self._context
        now_s, dt_s = context.kernel.now_s, context.tick_s
        for prepares in self._predecessors:
            prepares(dt_s)
        self.fleet.step(now_s, dt_s)
        self.switches.step(now_s, dt_s)
        context.trace.add_counts(now_s, f"{self._name}/clients", self.fleet.networks.clients)
        for told in self._followers:
            told(now_s, dt_s)
        context.kernel.after(dt_s, self._name, self._tick)

    def _manage_radios(self) -> None:
        context = self._context
        now = context.clock.local(context.kernel.now_s)
        self.fleet.radios.foreign_use = mobile_weight(now)  # homes surf when people are at home
        moved = self.fleet.optimise(context.kernel.now_s)
        if moved:
            context.note("channels_moved", context.city.name, moved)
        context.kernel.after(figure("radio_management_s"), self._name, self._manage_radios)

    # Failures

    def _fail_one(self, k: int) -> str:
        ap = self.fleet.ids[int(self.fleet.working()[k])]
        self.fail(ap)
        return ap

    def _n_working(self) -> int:
        return int(self.fleet.working().size)

    def fail(self, ap: str) -> None:
        """Break an access point."""
        if not self.fleet.has_failed(ap):
            self._set_working(ap, works=False)

    def repair(self, ap: str) -> None:
        """Repair an access point; it boots."""
        if self.fleet.has_failed(ap):
            self._set_working(ap, works=True)

    def _set_working(self, ap: str, *, works: bool) -> None:
        now_s = self._context.kernel.now_s
        self.fleet.set_working(self.fleet.index[ap], works=works, now_s=now_s)
        self._context.note("ap_repaired" if works else "ap_failed", ap)

    # Supply

    def _hear(self, consumer: str, kind: SupplyKind, is_supplied: bool) -> None:
        """Let everything at a site follow its supply."""
        site, consumers = self._hanging[consumer]
        supply, now_s = self._context.supply, self._context.kernel.now_s
        power, link = (all(supply.is_supplied(c, k) for c in consumers) for k in _KINDS)
        for switch in self._switches_at.get(site, ()):
            self._supply_switch(switch, power=power, link=link)
        for i in self._unfed_at.get(site, ()):
            self.fleet.set_supply(i, powered=power, linked=link, now_s=now_s)
        if not self._refreshes:  # once, when all that is cut at this moment is cut
            self._refreshes = True
            self._context.kernel.after(0.0, self._name, self._refresh)

    def _supply_switch(self, switch: str, *, power: bool, link: bool) -> None:
        now_s, is_on = self._context.kernel.now_s, self.switches.is_on(switch)
        self.switches.set_supply(switch, is_on=is_on and power, has_link=link, now_s=now_s)
        if not power and switch in self._booting:
            self._booting.pop(switch).cancel()
        if power and not is_on and switch not in self._booting:
            self._booting[switch] = self._context.kernel.after(
                SWITCH_BOOT_S, switch, self._switch_is_up, switch
            )

    def _switch_is_up(self, switch: str) -> None:
        del self._booting[switch]
        now_s, has_link = self._context.kernel.now_s, self.switches.has_link(switch)
        self.switches.set_supply(switch, is_on=True, has_link=has_link, now_s=now_s)
        self.fleet.refresh(now_s)
        self._context.note("switch_up", switch)

    def _refresh(self) -> None:
        self._refreshes = False
        now_s = self._context.kernel.now_s
        self.fleet.refresh(now_s)
        n_up = int(self.fleet.is_up(now_s).sum())
        self._context.note("aps_up", self._name, n_up)


def _hanging(
    city: City, aps: Sequence[AccessPoint], switches: Sequence[Switch]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Map each consumer to the site that hangs on it, and all consumers that site hangs on.

    The access points of a school hang on their site and on the school's own id.
    """
    alias = {site: school.id for school in city.schools for site in school_sites(school)}
    hanging: dict[str, tuple[str, tuple[str, ...]]] = {}
    for site in dict.fromkeys([*(ap.site for ap in aps), *(switch.site for switch in switches)]):
        consumers = tuple(dict.fromkeys((site, alias.get(site, site))))
        for consumer in consumers:
            hanging.setdefault(consumer, (site, consumers))
    return hanging


def _use_of_switches(
    city: City, aps: Sequence[AccessPoint], switches: Sequence[Switch]
) -> dict[str, int]:
    """Say whose a switch is: `SCHOOL` where all it feeds stands at schools."""
    schools = {site for school in city.schools for site in school_sites(school)}
    fed: dict[str, list[str]] = {switch.id: [] for switch in switches}
    for ap in aps:
        if ap.switch in fed:
            fed[ap.switch].append(ap.site)
    return {
        switch.id: SCHOOL if schools.issuperset(fed[switch.id] or [switch.site]) else PUBLIC
        for switch in switches
    }
