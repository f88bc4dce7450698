"""The utility networks of a city: LoRaWAN and LTE 450, minute by minute."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.sim.supply import SupplyKind
from twin.sim.system import Action, Context, DeviceFleet, Kpi, System
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.devices import place_devices
from twin.sim.utilities_iot.figures import city_kpis, district_kpis
from twin.sim.utilities_iot.fleet import KIND, GatewayFleet
from twin.sim.utilities_iot.lorawan import WINDOW_S, Lorawan
from twin.sim.utilities_iot.masts import Masts
from twin.sim.utilities_iot.multicast import Multicast
from twin.sim.utilities_iot.receptions import Outcome
from twin.sim.utilities_iot.scenario import UtilityActions
from twin.sim.utilities_iot.smart_meters import STEP_S, SmartMeters

__all__ = ["UtilitiesIot"]

_REPORT_S = 900.0


class UtilitiesIot(System):
    """Meters, lamp controllers and sensors on LoRaWAN; smart meters, substations on LTE 450.

    Parameters
    ----------
    context : Context
        What systems share.

    Notes
    -----
    Controllers read and write the gateways of LoRaWAN; in a world that manages none of them the
    system is empty and costs nothing. The gateways of LoRaWAN need mains and the municipal
    backbone; the masts of LTE 450 have batteries and links of their own.
    """

    name = "utilities_iot"
    tables = ("gateways", "lte450_cells")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._is_alive = False

    def start(self) -> None:
        """Place the devices, settle their rates, and begin with the first minute."""
        context = self.context
        city = context.city
        lora = [g for g in city.gateways if g.technology == "lorawan"]
        if context.managed is not None and not any(context.is_managed(g.id) for g in lora):
            return
        lte = [g for g in city.gateways if g.technology == "lte450"]
        gateways = Masts(
            context, lora, battery_s=value("gateway_battery_s"),
            boot_s=value("gateway_boot_s"), needs_link=True,
        )  # fmt: skip
        masts = Masts(
            context, lte, battery_s=value("lte450_battery_s"),
            boot_s=value("lte450_boot_s"), needs_link=False,
        )  # fmt: skip
        factor = context.failure_factor
        for kind, worn in (("lorawan", gateways), ("lte450", masts)):
            worn.wear(
                context.rng(f"utilities_iot/failures/{kind}"),
                value("gateway_failures_per_year") * factor,
                value("gateway_repair_s") / factor,
            )
        devices = place_devices(city, context.rng("utilities_iot/devices"))
        self.network = Lorawan(context, devices, gateways)
        self._fleet = GatewayFleet(self.network)
        self.multicast = Multicast(context, self.network)
        self.meters = SmartMeters(context, masts)
        self._actions = UtilityActions(self.network, self.multicast, self.meters)
        self._cabinets = {cabinet.id: i for i, cabinet in enumerate(city.cabinets)}
        used = set(np.unique(devices.feeder[devices.feeder >= 0]).tolist())
        fed = [name for name, i in self._cabinets.items() if i in used]
        context.supply.watch(fed, self._told)
        for cabinet in fed:
            if not context.supply.is_supplied(cabinet, "power"):
                self._told(cabinet, "power", is_supplied=False)
        self._last = np.zeros(self.network.outcomes.size, dtype=np.int64)
        self._recent = self._last
        self._is_alive = True
        context.kernel.after(WINDOW_S, self.name, self._minute)
        context.kernel.after(STEP_S, self.name, self._step_lte)
        if context.telemetry.wants("gateways") or context.telemetry.wants("lte450_cells"):
            context.kernel.after(_REPORT_S, self.name, self._report)

    def _told(self, consumer: str, kind: SupplyKind, is_supplied: bool) -> None:
        """Silence the controllers of a cabinet without power, or wake them."""
        if kind == "power":
            senders, devices = self.network.senders, self.network.devices
            rows = np.flatnonzero(devices.feeder == self._cabinets[consumer])
            senders.is_fed[rows] = is_supplied
            if is_supplied:  # their timers start anew
                now_s = self.context.kernel.now_s
                senders.set_interval(rows, senders.interval_s[rows], now_s)

    def _minute(self) -> None:
        now_s = self.context.kernel.now_s
        self.network.run(now_s - WINDOW_S, now_s)
        self.context.trace.add_counts(now_s, "lorawan", self.network.outcomes)
        self._recent = self.network.outcomes - self._last
        self._last = self.network.outcomes.copy()
        self.context.kernel.after(WINDOW_S, self.name, self._minute)

    def _step_lte(self) -> None:
        now_s, meters = self.context.kernel.now_s, self.meters
        meters.run(now_s)
        counts = (meters.n_due, meters.n_done, meters.n_failed, meters.n_firmware_done)
        self.context.trace.add_counts(now_s, "lte450", np.array(counts, dtype=np.int64))
        self.context.kernel.after(STEP_S, self.name, self._step_lte)

    def _report(self) -> None:
        """Record what gateways and cells have done so far."""
        network, now_s, add = self.network, self.context.kernel.now_s, self.context.telemetry.add
        masts, cells = network.masts, self.meters.masts
        if masts.n:
            columns = {
                "gateway": np.array([gateway.id for gateway in masts.gateways]),
                "is_up": masts.is_up,
                "received": network.received_by_gateway,
                "collided": network.collided_by_gateway,
                "sending_s": network.downlinks.air_s,
                "noise_rise_db": masts.rise_db,
            }
            add("gateways", now_s, columns)
        if cells.n:
            n_sectors = self.meters.network.n_sectors
            columns = {
                "cell": np.array(
                    [f"{mast.id}/{k + 1}" for mast in cells.gateways for k in range(n_sectors)]
                ),
                "is_up": np.repeat(cells.is_up, n_sectors),
                "uplink_load_percent": 100.0 * self.meters.load[0],
                "downlink_load_percent": 100.0 * self.meters.load[1],
            }
            add("lte450_cells", now_s, columns)
        self.context.kernel.after(_REPORT_S, self.name, self._report)

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the gateways of LoRaWAN as devices."""
        return {KIND: self._fleet} if self._is_alive else {}

    def devices(self) -> Mapping[str, str]:
        """Return the managed gateways: those named, or every one of LoRaWAN."""
        if not self._is_alive:
            return {}
        names = self.network.masts.row
        return {name: KIND for name in names if self.context.is_managed(name)}

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start; none where the system is empty."""
        return city_kpis(self.network, self.multicast, self.meters) if self._is_alive else {}

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return delivery, factors and pushes by slug of the district."""
        return district_kpis(self.network, self.meters) if self._is_alive else {}

    def gauges(self) -> Mapping[str, float]:
        """Return what a control room watches now."""
        if not self._is_alive:
            return {}
        decided = max(int(self._recent.sum()), 1)
        return {
            "uplinks_per_minute": float(self._recent.sum()),
            "delivered_percent": 100.0 * float(self._recent[Outcome.DELIVERED]) / decided,
            "lte450_load_percent": 100.0 * float(self.meters.load.max(initial=0.0)),
            "gateways_up": float(self.network.masts.is_up.sum()),
            "smgw_waiting": float(self.meters.n_open),
            "rtu_up": float(self.meters.is_rtu_up.sum()),
        }

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do."""
        return self._actions.by_verb() if self._is_alive else {}

    def check_invariants(self) -> None:
        """Check that every frame has one fate and every push one state.

        Raises
        ------
        AssertionError
            A law is broken.
        """
        if not self._is_alive:
            return
        network, meters = self.network, self.meters
        sent = int(network.senders.n_sent.sum())
        if sent != int(network.outcomes.sum()) + network.n_in_flight:
            raise AssertionError(
                f"{sent} frames sent, fates {network.outcomes.tolist()}, "
                f"{network.n_in_flight} on the air"
            )
        if int(network.n_delivered.sum()) != int(network.outcomes[Outcome.DELIVERED]):
            raise AssertionError("frames delivered by device and in all differ")
        if network.n_receptions < network.outcomes[Outcome.DELIVERED]:
            raise AssertionError("fewer receptions than frames delivered")
        if network.senders.n_violations or network.downlinks.n_violations:
            raise AssertionError("a duty cycle was exceeded")
        if meters.n_due != meters.n_done + meters.n_failed + meters.n_open:
            raise AssertionError(
                f"{meters.n_due} pushes due, {meters.n_done} done, {meters.n_failed} lost, "
                f"{meters.n_open} open"
            )
        asked = meters.n_firmware_done + meters.n_firmware_stopped + int(meters.is_updating.sum())
        if meters.n_firmware_asked != asked:
            raise AssertionError(f"{meters.n_firmware_asked} updates asked for, {asked} accounted")
        if (network.senders.charge_as < 0.0).any() or meters.bits_up < 0.0:
            raise AssertionError("negative energy or volume")
