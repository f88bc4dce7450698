"""What a scenario can do to the utility networks."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np

from twin.model.errors import ModelError
from twin.sim.system import Action
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.devices import KINDS
from twin.sim.utilities_iot.lorawan import Lorawan
from twin.sim.utilities_iot.masts import Masts
from twin.sim.utilities_iot.multicast import Multicast
from twin.sim.utilities_iot.smart_meters import SmartMeters
from twin.sim.utilities_iot.uplinks import LEAST_INTERVAL_S

__all__ = ["UtilityActions"]

_ALL = "all"
_DAY_S = 86_400.0


class UtilityActions:
    """The actions on running utility networks.

    Parameters
    ----------
    network : Lorawan
        LoRaWAN.
    multicast : Multicast
        Group commands to lamps.
    meters : SmartMeters
        LTE 450.
    """

    def __init__(self, network: Lorawan, multicast: Multicast, meters: SmartMeters) -> None:
        self._network, self._multicast, self._meters = network, multicast, meters
        self._usual_s = network.senders.interval_s.copy()
        self._intervals: list[tuple[str, float]] = []  # those in force, the latest last

    def by_verb(self) -> Mapping[str, Action]:
        """Return the actions."""
        return {
            "fail": Action(
                what="break a gateway of LoRaWAN or a mast of LTE 450 until it is repaired",
                check=self._check_gateway,
                begin=self._fail,
                end=self._repair,
            ),
            "repair": Action(
                what="repair a gateway or a mast; it boots", check=self._check_gateway,
                begin=self._repair,
            ),
            "firmware": Action(
                what="send new firmware to smart-meter gateways: all, or those of one mast",
                check=self._check_firmware,
                begin=self._begin_firmware,
                end=self._end_firmware,
                parameters={
                    "size_mb": "size of the firmware, 0.01 to 1000 [MB]",
                    "share_percent": "share of the gateways, over 0 to 100 [%]",
                },
            ),
            "uplink_interval": Action(
                what=f"give a kind of LoRaWAN devices another interval: all, {', '.join(KINDS)}",
                check=self._check_interval,
                begin=self._begin_interval,
                end=self._end_interval,
                parameters={"interval_s": f"{LEAST_INTERVAL_S:g} to {_DAY_S:g} [s]"},
            ),
            "interference": Action(
                what="raise the noise at one LoRaWAN gateway or at all",
                check=self._check_noise,
                begin=self._begin_noise,
                end=self._end_noise,
                parameters={"noise_db": "over 0 to 60 [dB]"},
            ),
            "dim": Action(
                what="command the LoRaWAN lamps of a district, or all, to a level by multicast",
                check=self._check_dim,
                begin=self._dim,
                parameters={"level_percent": "0 to 100 [%]"},
            ),
        }  # fmt: skip

    # -- gateways

    def _masts_of(self, target: str) -> Masts:
        lora, lte = self._network.masts, self._meters.masts
        if target in lora.row:
            return lora
        if target in lte.row:
            return lte
        raise _unknown("gateway", target, [*lora.row, *lte.row])

    def _check_gateway(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        self._masts_of(target)

    def _fail(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        self._masts_of(target).fail(target)

    def _repair(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        self._masts_of(target).repair(target)

    # -- firmware

    def _check_firmware(self, target: str, parameters: Mapping[str, object]) -> None:
        if target != _ALL and target not in self._meters.masts.row:
            raise _unknown("mast of LTE 450", target, [_ALL, *self._meters.masts.row])
        _number(parameters, "size_mb", 0.01, 1000.0, value("firmware_mb"))
        _number(parameters, "share_percent", 1e-6, 100.0, 100.0)

    def _begin_firmware(self, target: str, parameters: Mapping[str, object]) -> None:
        size_mb = _number(parameters, "size_mb", 0.01, 1000.0, value("firmware_mb"))
        share = _number(parameters, "share_percent", 1e-6, 100.0, 100.0) / 100.0
        rows = self._meters.reached_by(None if target == _ALL else self._meters.masts.row[target])
        n = round(share * rows.size)
        # every so-manieth: the same gateways each time, spread over the city
        chosen = rows[np.unique(np.floor(np.arange(n) * rows.size / max(n, 1)).astype(np.int64))]
        self._meters.begin_firmware(chosen, 1e6 * size_mb)

    def _end_firmware(self, target: str, parameters: Mapping[str, object]) -> None:
        del target, parameters
        self._meters.end_firmware()

    # -- intervals

    def _rows_of(self, target: str) -> np.ndarray:
        kind = self._network.devices.kind
        return (
            np.arange(kind.size) if target == _ALL else np.flatnonzero(kind == KINDS.index(target))
        )

    def _check_interval(self, target: str, parameters: Mapping[str, object]) -> None:
        if target != _ALL and target not in KINDS:
            raise _unknown("kind of LoRaWAN device", target, [_ALL, *KINDS])
        _number(parameters, "interval_s", LEAST_INTERVAL_S, _DAY_S, None)

    def _begin_interval(self, target: str, parameters: Mapping[str, object]) -> None:
        seconds = _number(parameters, "interval_s", LEAST_INTERVAL_S, _DAY_S, None)
        self._intervals.append((target, seconds))
        self._apply_intervals(target)

    def _end_interval(self, target: str, parameters: Mapping[str, object]) -> None:
        seconds = _number(parameters, "interval_s", LEAST_INTERVAL_S, _DAY_S, None)
        self._intervals.remove((target, seconds))
        self._apply_intervals(target)

    def _apply_intervals(self, target: str) -> None:
        """Set what is in force; of overlapping changes the latest counts."""
        interval_s = self._usual_s.copy()
        for changed, seconds in self._intervals:
            interval_s[self._rows_of(changed)] = seconds
        rows = self._rows_of(target)
        self._network.change_interval(rows, interval_s[rows])

    # -- noise

    def _check_noise(self, target: str, parameters: Mapping[str, object]) -> None:
        if target != _ALL and target not in self._network.masts.row:
            raise _unknown("LoRaWAN gateway", target, [_ALL, *self._network.masts.row])
        _number(parameters, "noise_db", 1e-6, 60.0, None)

    def _add_noise(self, target: str, noise_db: float) -> None:
        masts = self._network.masts
        rows = np.arange(masts.n) if target == _ALL else np.array([masts.row[target]])
        masts.rise_db[rows] += noise_db

    def _begin_noise(self, target: str, parameters: Mapping[str, object]) -> None:
        self._add_noise(target, _number(parameters, "noise_db", 1e-6, 60.0, None))

    def _end_noise(self, target: str, parameters: Mapping[str, object]) -> None:
        self._add_noise(target, -_number(parameters, "noise_db", 1e-6, 60.0, None))

    # -- lamps

    def _check_dim(self, target: str, parameters: Mapping[str, object]) -> None:
        slugs = self._network.devices.slugs
        if target != _ALL and target not in slugs:
            raise _unknown("district", target, [_ALL, *slugs])
        _number(parameters, "level_percent", 0.0, 100.0, None)

    def _dim(self, target: str, parameters: Mapping[str, object]) -> None:
        level = round(_number(parameters, "level_percent", 0.0, 100.0, None))
        self._multicast.command("" if target == _ALL else target, level)


def _number(
    parameters: Mapping[str, object], name: str, low: float, high: float, default: float | None
) -> float:
    given = parameters.get(name, default)
    if given is None:
        raise ModelError(f"{name} is missing; give {low:g} to {high:g}")
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise ModelError(f"{name} is {given!r}, must be a number from {low:g} to {high:g}")
    return float(given)


def _unknown(what: str, target: str, known: list[str]) -> ModelError:
    near = get_close_matches(target, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return ModelError(f"no {what} {target!r}{hint}")
