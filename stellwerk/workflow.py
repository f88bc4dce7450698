"""The way of a change, shared by the commands: inventory, plan, rehearsal, apply, verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from controllers.drivers import make_driver
from controllers.intent import Intent, Want, paths_to_read, resolve
from controllers.inventory import load_inventory, select
from controllers.live import Live, read_live
from controllers.plan import DevicePlan, Plan, make_plan
from controllers.policies import CityFacts, PolicySettings, check_plan
from controllers.ports import Device, ExposurePredictor
from controllers.verify import differences
from hil.effects import TwinPredictor
from hil.exposure import TwinExposure
from hil.gate import BandGate
from hil.harm import TwinHarm
from stellwerk.output import progress, waiting
from twin.model.attributes import Value
from twin.model.city import City
from twin.model.errors import DeviceError, InputError
from twin.radio.coverage import CityCoverage, compute

__all__ = ["Desk", "open_desk", "read_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What an engineer has on the table: the city and the devices.

    Parameters
    ----------
    city : City
        The planner's city.
    devices : tuple of Device
        The inventory.
    predictor : TwinPredictor
        Answers what changes will do.
    author : str
        Who sits there; stands in plans.
    windows : tuple of str
        Maintenance windows of all changes, beside those of an intent.
    needs_approval : bool
        A plan needs the approval of somebody else than its author.
    policies : PolicySettings
        Numbers and severities of policies.
    exposure : ExposurePredictor or None
        Predicts fields around sites.
    """

    city: City
    devices: tuple[Device, ...]
    predictor: TwinPredictor
    author: str = ""
    windows: tuple[str, ...] = ()
    needs_approval: bool = False
    policies: PolicySettings = field(default_factory=PolicySettings)
    exposure: ExposurePredictor | None = None

    def plan(self, intent: Intent, *, limit: str = "", with_effect: bool = True) -> Plan:
        """Read the live state and plan what is missing for an intent.

        Parameters
        ----------
        intent : Intent
            What is wanted.
        limit : str
            Selection that narrows the devices; empty for all.
        with_effect : bool
            Ask the twin too.

        Returns
        -------
        Plan
            With findings of the policies and, if asked for, the predicted effect.

        Raises
        ------
        InputError
            The intent does not fit the inventory.
        DeviceError
            A device refused to be read.
        """
        return self.plan_wants(intent, self.wants(intent, limit), with_effect=with_effect)

    def plan_wants(
        self,
        intent: Intent,
        wants: Mapping[str, Mapping[str, Want]],
        *,
        with_effect: bool = True,
    ) -> Plan:
        """Read the live state and plan what is missing of given wishes.

        Parameters
        ----------
        intent : Intent
            What the plan is called, why it is made and what is atomic.
        wants : mapping
            Wanted value by attribute path, by device id.
        with_effect : bool
            Ask the twin too.

        Returns
        -------
        Plan
            As `plan` gives it.

        Raises
        ------
        InputError
            A wish does not fit its device.
        DeviceError
            A device refused to be read.
        """
        live = self._read(tuple(wants), paths_to_read(intent, wants, self.devices))
        plan = make_plan(
            intent,
            self.devices,
            live.values,
            wants,
            unreachable=live.unreachable,
            author=self.author,
            harm=TwinHarm(self.city, self.devices, self.predictor),
        )
        plan = replace(plan, windows=_with(plan.windows, self.windows))
        return self._judged(plan, with_effect=with_effect)

    def wants(self, intent: Intent, limit: str = "") -> dict[str, dict[str, Want]]:
        """Settle which device shall have which values.

        Parameters
        ----------
        intent : Intent
            What is wanted.
        limit : str
            Selection that narrows the devices; empty for all.

        Returns
        -------
        dict
            Wanted value by attribute path, by device id.

        Raises
        ------
        InputError
            The intent does not fit the inventory, or the limit leaves nothing of it.
        """
        wants = resolve(intent, self.devices)
        if not limit:
            return wants
        chosen = {device.id for device in select(self.devices, limit)}
        narrowed = {device: want for device, want in wants.items() if device in chosen}
        if not narrowed:
            raise InputError(
                f"--limit {limit!r} leaves no device of this intent",
                hint=f"it is about {', '.join(sorted(wants)[:5])}",
            )
        return narrowed

    def refreshed(self, plan: Plan) -> Plan:
        """Judge a saved plan by the live state of now: policies, effect, what it does not change.

        Parameters
        ----------
        plan : Plan
            A plan from a file; its own findings are not believed.

        Returns
        -------
        Plan
            The same changes with fresh context, findings and effect.

        Raises
        ------
        DeviceError
            A device refused to be read.
        """
        live = self._read(tuple(part.device for part in plan.devices))
        parts = tuple(
            replace(part, context=_untouched(part, live.values.get(part.device, part.context)))
            for part in plan.devices
        )
        fresh = replace(
            plan,
            devices=parts,
            findings=(),
            unreachable=live.unreachable,
            windows=_with(plan.windows, self.windows),
        )
        return self._judged(fresh, with_effect=True)

    def _read(
        self, names: tuple[str, ...], paths: Mapping[str, tuple[str, ...]] | None = None
    ) -> Live:
        asked = [device for device in self.devices if device.id in names]
        with waiting(f"reading {len(asked)} devices"):
            return read_live(asked, make_driver, paths=paths)

    def _judged(self, plan: Plan, *, with_effect: bool) -> Plan:
        plan = self._checked(plan)
        # What the law forbids is not worth a prediction, and may be outside every model.
        if with_effect and not plan.no_op and not plan.blockers:
            plan = self._checked(replace(plan, effect=self.predictor.predict(plan.changes)))
        return plan

    def _checked(self, plan: Plan) -> Plan:
        return check_plan(
            plan,
            self.devices,
            CityFacts(self.city),
            settings=self.policies,
            exposure=self.exposure,
        )

    def gate(self, plan: Plan) -> BandGate:
        """Make the gate that lets a plan be confirmed only if measurements agree with the twin.

        Parameters
        ----------
        plan : Plan
            The plan to be applied.

        Returns
        -------
        BandGate
            Bound to what the twin predicts for this plan.
        """
        return BandGate(self.predictor.what_if(plan.changes), self.devices)


def _with(
    windows: tuple[tuple[str, ...], ...], more: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    return windows if not more or more in windows else (*windows, more)


def _untouched(part: DevicePlan, values: Mapping[str, Value]) -> dict[str, Value]:
    return {path: value for path, value in values.items() if path not in part.target}


def open_desk(
    city: City,
    inventory: Path,
    coverage: CityCoverage | None = None,
    *,
    author: str = "",
    windows: tuple[str, ...] = (),
    needs_approval: bool = False,
    policies: PolicySettings | None = None,
) -> Desk:
    """Load the inventory and bind it to the planner's city.

    Parameters
    ----------
    city : City
        The planner's city.
    inventory : Path
        Inventory file.
    coverage : CityCoverage, optional
        Coverage of the city if it is at hand; else it is computed when it is first needed.
    author : str
        Who sits there.
    windows : tuple of str
        Maintenance windows of all changes.
    needs_approval : bool
        A plan needs the approval of somebody else than its author.
    policies : PolicySettings, optional
        Numbers and severities of policies.

    Returns
    -------
    Desk
        City, devices and predictor.

    Raises
    ------
    InputError
        The inventory is missing or broken.
    """

    def cover() -> CityCoverage:
        if coverage is not None:
            return coverage
        with progress("coverage of the city") as show:
            return compute(city, progress=show)

    return Desk(
        city=city,
        devices=load_inventory(inventory),
        predictor=TwinPredictor(city, cover),
        author=author,
        windows=windows,
        needs_approval=needs_approval,
        policies=policies or PolicySettings(),
        exposure=TwinExposure(city),
    )


def read_back(plan: Plan, devices: Sequence[Device]) -> dict[str, tuple[str, ...]]:
    """Read every planned device in a new session and name what is not as planned.

    Parameters
    ----------
    plan : Plan
        The plan that was applied.
    devices : sequence of Device
        The inventory.

    Returns
    -------
    dict
        Differing paths, or why it could not be read, by device id; empty if all is as planned.
    """
    parts = {part.device: part for part in plan.devices}
    asked = [device for device in devices if device.id in parts]
    try:
        live = read_live(
            asked, make_driver, paths={name: tuple(part.target) for name, part in parts.items()}
        )
    except DeviceError as err:
        return {err.device: (err.reason,)}
    wrong: dict[str, tuple[str, ...]] = {name: ("not reachable",) for name in live.unreachable}
    for name, values in live.values.items():
        paths = tuple(differences(parts[name].kind, parts[name].target, values))
        if paths:
            wrong[name] = paths
    return wrong
