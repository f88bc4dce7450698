"""E-government and backbone as one system: offices, data centre, fibre, wireless homes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from twin.geo.rings import district_slugs
from twin.model.errors import ModelError
from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.backbone import Backbone
from twin.sim.egov_backbone.data_centre import DataCentre
from twin.sim.egov_backbone.figures import backbone_kpis, office_kpis, service_kpis
from twin.sim.egov_backbone.homes import Homes
from twin.sim.egov_backbone.moments import Moments
from twin.sim.egov_backbone.offices import CitizenOffice
from twin.sim.egov_backbone.sla import ServiceMeter
from twin.sim.system import Action, Context, Kpi, Moment, System

__all__ = ["EgovBackbone"]

_MINUTE_S = 60.0
_RECORD_S = 600.0
_MAX_RAIN_MM_H = 500.0


class EgovBackbone(System):
    """Citizen offices, their data centre, the municipal fibre, and homes served by radio.

    Parameters
    ----------
    context : Context
        Shared.

    Notes
    -----
    Worlds of a few emulated devices do not simulate it: everything is reachable there.
    """

    name = "egov_backbone"
    tables = ("offices", "fibre_links", "wireless_hubs")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._moments = Moments(context)
        self.offices: dict[str, CitizenOffice] = {}
        self.meters: dict[str, ServiceMeter] = {}
        self.centre: DataCentre | None = None
        self.backbone: Backbone | None = None
        self.homes: Homes | None = None

    def start(self) -> None:
        """Open the books, plan the day, and follow supply and rain."""
        context, city = self.context, self.context.city
        if context.managed is not None:
            return
        for i, record in enumerate(o for o in city.offices if o.kind == "citizen_office"):
            rng = context.rng(f"egov_backbone/office/{record.id}")
            self.offices[record.id] = CitizenOffice(context, record, i % 5, rng)
            self.meters[record.id] = ServiceMeter(context.clock)
        self._start_backbone()
        if city.wireless_customers:
            self.homes = Homes(context, city, self._moments)
            self.homes.start()
        context.supply.watch(self.offices, self._office_supplied)
        self._look_at_offices()
        self._plan_day()
        self._minute()

    def _start_backbone(self) -> None:
        context, city = self.context, self.context.city
        record = next((office for office in city.offices if office.kind == "data_centre"), None)
        if record is None:
            return
        rng = context.rng("egov_backbone/genset")
        self.centre = DataCentre(context, record.id, self._look_at_offices, rng, self._moments)
        self.centre.watch()
        if city.fibre_nodes:
            self.backbone = Backbone(context, city, record, self._moments)
            self.backbone.start()

    def _plan_day(self) -> None:
        for office in self.offices.values():
            office.plan_day()
        clock = self.context.clock
        noon = clock.local(self.context.kernel.now_s).replace(hour=12) + timedelta(days=1)
        self.context.kernel.at(clock.seconds_on(noon, 0), self.name, self._plan_day)

    def _office_supplied(self, office: str, kind: str, is_supplied: bool) -> None:
        self._look_at_offices()

    def _look_at_offices(self) -> None:
        """Work out which offices have service and which can serve citizens."""
        supply, now_s = self.context.supply, self.context.kernel.now_s
        for name, office in self.offices.items():
            has_service = self.is_service_up(name)
            self.meters[name].change(now_s, is_up=has_service)
            works = has_service and supply.is_supplied(name, "power")
            if works != office.works:
                words = "can serve citizens again" if works else "cannot serve citizens"
                self._moments.tell(name, f"The office {words}; {office.n_waiting()} wait.")
            office.set_works(works=works)

    def is_reachable(self, consumer: str) -> bool:
        """Say whether a consumer has a way over the backbone to the data centre.

        Parameters
        ----------
        consumer : str
            Id as in `twin.sim.supply`.

        Returns
        -------
        bool
            True too for consumers that do not hang on the municipal fibre, unless their link is
            cut by somebody else.
        """
        if self.backbone is not None and self.backbone.knows(consumer):
            return self.backbone.has_way(consumer) and self.context.supply.is_supplied(
                consumer, "link"
            )
        return self.context.supply.is_supplied(consumer, "link")

    def is_service_up(self, consumer: str) -> bool:
        """Say whether a consumer can use the services of the data centre now."""
        return self.is_reachable(consumer) and (self.centre is None or self.centre.is_up)

    def share(self, consumer: str) -> float:
        """Part of the rate it wants that a consumer gets over the backbone, 0 to 1."""
        if self.backbone is not None and self.backbone.knows(consumer):
            return self.backbone.share(consumer)
        return 1.0 if self.is_reachable(consumer) else 0.0

    def _minute(self) -> None:
        """Let it rain, count homes, and load the fibre."""
        kernel, backbone = self.context.kernel, self.backbone
        own_bps = {
            name: office.n_in_service() * value("clerk_bps")
            for name, office in self.offices.items()
        }
        if self.homes is not None:
            own_bps |= self.homes.minute(_MINUTE_S)
        if backbone is not None:
            backbone.refresh({k: bps for k, bps in own_bps.items() if backbone.knows(k)})
        if round(kernel.now_s) % round(_RECORD_S) == 0:
            self._record()
        kernel.after(_MINUTE_S, self.name, self._minute)

    def _record(self) -> None:
        telemetry, now_s = self.context.telemetry, self.context.kernel.now_s
        if self.offices and telemetry.wants("offices"):
            offices = list(self.offices.values())
            telemetry.add(
                "offices",
                now_s,
                {
                    "office": np.array([office.id for office in offices]),
                    "waiting": np.array([office.n_waiting() for office in offices]),
                    "in_service": np.array([office.n_in_service() for office in offices]),
                    "served": np.array([office.tally.served for office in offices]),
                    "lost": np.array([office.lost() for office in offices]),
                    "has_service": np.array([meter.is_up for meter in self.meters.values()]),
                },
            )
        if self.backbone is not None and self.backbone.fibre.link_ids:
            fibre, loads = self.backbone.fibre, self.backbone.loads
            telemetry.add(
                "fibre_links",
                now_s,
                {
                    "link": np.array(fibre.link_ids),
                    "load_percent": 100.0 * loads.link_bps / fibre.capacity_bps,
                    "is_up": fibre.link_up,
                },
            )
        if self.homes is not None:
            self.homes.record()

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start."""
        found = office_kpis(list(self.offices.values()))
        found |= service_kpis(self.meters, self.context.kernel.now_s)
        if self.backbone is not None:
            self.backbone.account()
            found |= backbone_kpis(self.backbone)
        return found if self.homes is None else found | self.homes.kpis()

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return appointments and served homes by slug of the district."""
        city = self.context.city
        records = [office for office in city.offices if office.id in self.offices]
        slugs = district_slugs(
            city.districts, [record.x_m for record in records], [record.y_m for record in records]
        )
        found = {} if self.homes is None else self.homes.kpis_by_district()
        for slug in sorted(set(slugs) - {""}):
            offices = [
                self.offices[record.id]
                for record, here in zip(records, slugs, strict=True)
                if here == slug
            ]
            found[slug] = found.get(slug, {}) | office_kpis(offices)
        return dict(sorted(found.items()))

    def gauges(self) -> Mapping[str, float]:
        """Return what a control room watches now."""
        now_s = self.context.kernel.now_s
        offices, backbone, homes = self.offices.values(), self.backbone, self.homes
        return {
            "offices_open": float(sum(office.is_open(now_s) for office in offices)),
            "citizens_waiting": float(sum(office.n_waiting() for office in offices)),
            "citizens_in_service": float(sum(office.n_in_service() for office in offices)),
            "rain_mm_h": 0.0 if homes is None else float(homes.rain.rates_mm_h().mean()),
            "served_homes_percent": 100.0 if homes is None else homes.served_percent(),
            "load_percent": 0.0 if backbone is None else backbone.load_percent(),
            "fibre_bps": 0.0 if backbone is None else float(backbone.wanted_bps.sum()),
            "cables_cut": 0.0 if backbone is None else float(backbone.cuts.n_broken()),
        }

    def story(self) -> tuple[Moment, ...]:
        """Return cuts, outages, and rain that homes have felt."""
        return self._moments.of_all()

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do."""
        return {
            "cut_fibre": Action(
                what="cut a cable: a fibre link, or the spur of an office, school or other place",
                check=self._check_cable,
                begin=self._cut_fibre,
                end=self._mend_fibre,
            ),
            "fail_data_centre": Action(
                what="stop the platform in the data centre",
                check=self._check_centre,
                begin=self._fail_centre,
                end=self._repair_centre,
            ),
            "rain": Action(
                what="rain on a hub of wireless homes, or on all of them with target 'city'",
                check=self._check_rain,
                begin=self._let_rain,
                end=self._let_clear,
                parameters={"rate_mm_h": "rain rate [mm/h], 0 to 500"},
            ),
            "close_office": Action(
                what="close a citizen office",
                check=self._check_office,
                begin=self._close_office,
                end=self._open_office,
            ),
        }

    def _check_cable(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.backbone is None:
            raise ModelError("this city has no municipal fibre")
        self.backbone.fibre.cable(target)

    def _cut_fibre(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.backbone is not None:
            self.backbone.cuts.cut(target)

    def _mend_fibre(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.backbone is not None:
            self.backbone.cuts.mend(target)

    def _check_centre(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.centre is None or target != self.centre.name:
            known = "has none" if self.centre is None else f"is {self.centre.name!r}"
            raise ModelError(f"no data centre {target!r}; the city's {known}")

    def _fail_centre(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.centre is not None:
            self.centre.fail()

    def _repair_centre(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.centre is not None:
            self.centre.repair()

    def _check_rain(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.homes is None or not self.homes.points(target):
            raise ModelError(f"it cannot rain on {target!r}: neither 'city' nor a wireless hub")
        rate = parameters.get("rate_mm_h")
        if isinstance(rate, bool) or not isinstance(rate, int | float):
            raise ModelError("rain needs rate_mm_h, a number")
        if not 0.0 <= rate <= _MAX_RAIN_MM_H:
            raise ModelError(f"rate_mm_h is {rate}, must be 0 to {_MAX_RAIN_MM_H:g}")

    def _let_rain(self, target: str, parameters: Mapping[str, object]) -> None:
        rate = parameters["rate_mm_h"]
        if self.homes is not None and isinstance(rate, int | float):
            for point in self.homes.points(target):
                self.homes.rain.force(point, float(rate))

    def _let_clear(self, target: str, parameters: Mapping[str, object]) -> None:
        if self.homes is not None:
            for point in self.homes.points(target):
                self.homes.rain.force(point, None)

    def _check_office(self, target: str, parameters: Mapping[str, object]) -> None:
        if target not in self.offices:
            raise ModelError(f"no citizen office {target!r}; there are {', '.join(self.offices)}")

    def _close_office(self, target: str, parameters: Mapping[str, object]) -> None:
        self.offices[target].close()

    def _open_office(self, target: str, parameters: Mapping[str, object]) -> None:
        self.offices[target].open()

    def check_invariants(self) -> None:
        """Check that appointments, bits and home seconds add up."""
        for office in self.offices.values():
            office.check()
        if self.backbone is not None:
            self.backbone.check()
        if self.homes is not None:
            self.homes.check()
