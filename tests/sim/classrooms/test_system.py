"""Lessons, log-on storms, outages and exams in a town of three schools."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.sim.saved import taken_up
from twin.geo.reader import city_folder, read_city
from twin.model.errors import ModelError
from twin.sim.classrooms import ASSUMPTIONS
from twin.sim.classrooms.assumptions import form_value, value
from twin.sim.classrooms.bells import lessons_of_day
from twin.sim.classrooms.register import Register
from twin.sim.clock import Clock
from twin.sim.save import branch
from twin.sim.system import System

from .conftest import make_city

HOUR_S = 3600.0
BERLIN = ZoneInfo("Europe/Berlin")
LEAST_S = 8.0 * value("logon_mbyte") / value("logon_peak_mbps") + value("logon_base_s")


def kpis(simulation):
    return {name: kpi.value for name, kpi in simulation.kpis()["classrooms"].items()}


def gauges(simulation):
    return simulation.gauges()["classrooms"]


def act(simulation, verb, target, **parameters):
    action = simulation.systems["classrooms"].actions()[verb]
    action.check(target, parameters)
    action.begin(target, parameters)
    return action


def texts(simulation, school):
    return [moment.text for moment in simulation.systems["classrooms"].story_of(school)]


def test_a_school_day_from_bell_to_bell(begin):
    simulation = begin()
    seen = []
    for hour in range(1, 13):
        simulation.advance(hour * HOUR_S)
        simulation.check_invariants()
        seen.append(gauges(simulation)["devices"])
    assert max(seen) > 200.0
    assert seen[-1] == 0.0  # at seven in the evening
    found = kpis(simulation)
    assert found["lessons"] == 6 + 5 + 5
    assert found["logons"] > 500.0
    assert LEAST_S - 1.0 <= found["logon_p50_s"] <= found["logon_p95_s"]
    assert found["page_load_lesson_start_s"] >= found["page_load_s"] > value("page_base_s")
    assert found["wifi_carried_gb"] > 1.0
    assert found["offline_min"] == 0.0
    assert len(found) >= 10
    assert all(kpi.unit for kpi in simulation.kpis()["classrooms"].values())


@pytest.mark.parametrize("date", [(2026, 1, 24), (2026, 3, 31), (2026, 6, 4), (2026, 8, 3)])
def test_no_school_on_weekends_and_holidays(begin, date):
    simulation = begin(None, *date)
    simulation.advance(6 * HOUR_S)
    assert kpis(simulation)["lessons"] == 0.0
    assert gauges(simulation)["devices"] == 0.0


def test_a_lesson_under_way_goes_on_without_a_storm(begin):
    simulation = begin(hour=8, minute=20)
    simulation.advance(60.0)
    assert gauges(simulation)["devices"] > 50.0
    assert gauges(simulation)["devices_logon"] == 0.0
    assert kpis(simulation)["logons"] == 0.0


def test_devices_log_on_within_minutes_of_the_bell(begin):
    simulation = begin(hour=7, minute=54)  # bells from 7:55
    simulation.advance(17 * 60.0)
    classrooms = simulation.systems["classrooms"]
    bell_s = classrooms.campus.bell_s
    assert np.all(bell_s % 300.0 == 60.0)  # five-minute steps
    assert kpis(simulation)["logons"] > 100.0
    begun = simulation.context.trace.counts()
    assert begun["lesson_begins"] == 3
    simulation.check_invariants()


def test_a_thin_line_makes_log_ons_slow(begin):
    found = {}
    for name, factor in (("line", 1.0), ("thread", 0.06)):
        simulation = begin(hour=7, minute=50)
        campus = simulation.systems["classrooms"].campus
        campus.register.line_bps[:] *= factor
        simulation.advance(40 * 60.0)
        found[name] = kpis(simulation)
        simulation.check_invariants()
    assert found["thread"]["logon_p95_s"] > 3.0 * found["line"]["logon_p95_s"]
    assert found["thread"]["line_full_percent"] > 10.0
    assert found["thread"]["page_load_lesson_start_s"] > found["line"]["page_load_lesson_start_s"]


def test_what_devices_carry_never_exceeds_the_line(begin):
    simulation = begin(hour=7, minute=50, tick_s=5.0)
    classrooms = simulation.systems["classrooms"]
    classrooms.campus.register.line_bps[:] = 20e6
    for minute in range(1, 31):
        simulation.advance(60.0 * minute)
        assert np.all(classrooms.lines.used_bps <= 20e6 * 1.01)
    bits = classrooms.campus.ledger.carried_bits.sum()
    air = classrooms.campus.air.fleet.traffic
    assert bits == pytest.approx(float(air.served_bits.sum()), rel=1e-6)


def test_a_power_cut_takes_all_and_devices_log_on_again(begin):
    simulation = begin(hour=8, minute=20)
    simulation.advance(300.0)
    campus = simulation.systems["classrooms"].campus
    devices = campus.counts[0].sum()
    fleet = campus.air.fleet
    simulation.context.supply.cut(["10"], "power", "feeder")
    simulation.advance(600.0)
    assert not fleet.is_reachable("ap-10-0", 600.0)
    assert fleet.is_reachable("ap-20-0", 600.0)
    assert gauges(simulation)["schools_offline"] == 1.0
    simulation.context.supply.restore(["10"], "power", "feeder")
    simulation.advance(600.0 + 115.0)
    assert gauges(simulation)["schools_offline"] == 1.0
    simulation.advance(600.0 + 130.0)
    assert gauges(simulation)["schools_offline"] == 0.0
    assert not fleet.is_reachable("ap-10-0", 730.0)  # the switch first, then access points
    assert gauges(simulation)["devices_logon"] > 50.0
    simulation.advance(900.0)
    assert fleet.is_reachable("ap-10-0", 900.0)
    simulation.advance(1500.0)
    assert gauges(simulation)["devices_logon"] == 0.0
    assert campus.counts[0].sum() == devices
    assert kpis(simulation)["offline_min"] == pytest.approx(7.0, abs=0.5)
    told = texts(simulation, "10")
    order = ["Power fails", "Power is back after 5.0 min", "The router runs again", "log on again"]
    places = [next(i for i, text in enumerate(told) if words in text) for words in order]
    assert places == sorted(places)
    simulation.check_invariants()


def test_a_cut_link_leaves_a_school_offline_but_lit(begin):
    simulation = begin(hour=8, minute=40)
    simulation.advance(300.0)
    simulation.context.supply.cut(["20", "school-20"], "link", "digger")
    simulation.advance(900.0)
    classrooms = simulation.systems["classrooms"]
    row = classrooms.campus.register.index["20"]
    assert classrooms.lines.used_bps[row] == 0.0
    assert classrooms.campus.routers.is_on[row]
    simulation.context.supply.restore(["20", "school-20"], "link", "digger")
    simulation.advance(1200.0)
    assert classrooms.lines.used_bps[row] > 0.0
    assert "The fibre is cut: the school is offline." in texts(simulation, "20")
    moments = simulation.systems["classrooms"].story()
    assert {moment.who for moment in moments} == {"20"}


class Exchange(System):
    """A backbone that can be switched off, or made narrow."""

    name = "egov_backbone"
    has_services = True
    part = 1.0

    def share(self, consumer):
        return self.part

    def is_service_up(self, consumer):
        return self.has_services


def test_nobody_logs_on_without_the_data_centre(begin):
    simulation = begin(hour=7, minute=50)
    exchange = simulation.context.systems["egov_backbone"] = Exchange(simulation.context)
    exchange.has_services = False
    simulation.advance(1800.0)
    assert simulation.systems["classrooms"].campus.ledger.logons.sum() == 0
    waiting = gauges(simulation)["devices_logon"]
    assert waiting > 100.0
    exchange.has_services = True
    simulation.advance(2400.0)
    assert simulation.systems["classrooms"].campus.ledger.logons.sum() >= waiting


def test_a_narrow_backbone_slows_all_schools(begin):
    rates = []
    for part in (1.0, 0.5):
        simulation = begin(hour=8, minute=40)
        exchange = simulation.context.systems["egov_backbone"] = Exchange(simulation.context)
        exchange.part = part
        simulation.advance(600.0)
        rates.append(simulation.systems["classrooms"].lines.used_bps.sum())
        wanted = simulation.systems["classrooms"].fibre_load_bps()
        assert all(0.0 < wanted[name] <= 1e9 for name in ("10", "20", "30"))
    assert rates[1] < 0.7 * rates[0]


EXAM = {"pupils": 60, "video_percent": 100.0}


def test_an_exam_on_a_quiet_day_is_not_interrupted(begin):
    simulation = begin(hour=8, minute=30)
    simulation.advance(60.0)
    action = act(simulation, "exam", "10", pupils=30)
    simulation.advance(HOUR_S)
    assert gauges(simulation)["devices_exam"] == 30.0
    action.end("10", {})
    simulation.advance(HOUR_S + 60.0)
    assert gauges(simulation)["devices_exam"] == 0.0
    assert kpis(simulation)["exam_interrupted_min"] == 0.0
    told = texts(simulation, "10")
    assert any("An exam begins: 30 pupils, in the network of all lessons." in t for t in told)
    assert any("The exam ends; it stood still for 0.0 min" in t for t in told)


def test_videos_of_other_lessons_interrupt_an_exam(begin):
    simulation = begin(hour=8, minute=30)
    simulation.systems["classrooms"].campus.register.line_bps[:] = 50e6
    act(simulation, "exam", "30", **EXAM)
    simulation.advance(HOUR_S)
    found = kpis(simulation)
    assert found["exam_interrupted_min"] > 1.0
    assert found["exam_lost_min_per_pupil"] > 0.5
    assert any("the line is full" in text for text in texts(simulation, "30"))
    assert simulation.context.trace.counts()["exam_stalls"] >= 1


def test_an_exam_served_first_survives_a_full_line(begin):
    lost = {}
    for protected in (False, True):
        simulation = begin(hour=8, minute=30)
        simulation.systems["classrooms"].campus.register.line_bps[:] = 8e6
        act(simulation, "exam", "10", pupils=30, video_percent=100.0, protected=protected)
        simulation.advance(HOUR_S)
        lost[protected] = kpis(simulation)["exam_lost_min_per_pupil"]
    assert lost[True] < 0.2 * lost[False]


def test_an_exam_moves_into_the_exam_network_when_it_is_switched_on(begin):
    simulation = begin(hour=8, minute=30)
    act(simulation, "exam", "10", pupils=30)
    simulation.advance(600.0)
    exams = simulation.systems["classrooms"].exams
    assert not exams._is_own[0]
    clients = "ssid/pruefung/clients"
    aps = [f"ap-10-{k}" for k in range(9)]
    assert sum(simulation.read(ap, clients) for ap in aps) == 0
    for ap in aps:
        simulation.write(ap, {"ssid/pruefung/enabled": True})
    simulation.advance(900.0)
    assert exams._is_own[0]
    assert sum(simulation.read(ap, clients) for ap in aps) == 30
    for ap in aps:
        simulation.write(ap, {"ssid/pruefung/enabled": False})
    simulation.advance(1200.0)
    assert not exams._is_own[0]
    assert sum(simulation.read(ap, clients) for ap in aps) == 0


def test_an_exam_without_an_end_ends_by_itself_and_another_can_begin(begin):
    simulation = begin(hour=8, minute=30)
    act(simulation, "exam", "10", pupils=5, video_percent=50.0)
    with pytest.raises(ModelError, match="an exam is running at school 10"):
        act(simulation, "exam", "10", pupils=5)
    simulation.advance(6.1 * HOUR_S)
    campus = simulation.systems["classrooms"].campus
    assert campus.video_share[0] == value("video_share")
    act(simulation, "exam", "10")
    assert kpis(simulation)["exams"] == 2.0


@pytest.mark.parametrize(
    ("target", "parameters", "message"),
    [
        ("99", {}, "no school '99' is simulated; there are 3"),
        ("10", {"pupils": 0}, "pupils is 0, must be a whole number from 1 to 600"),
        ("10", {"pupils": 601}, "pupils is 601"),
        ("10", {"pupils": 2.5}, "pupils is 2.5"),
        ("10", {"video_percent": 101}, "video_percent is 101, must be 0 to 100"),
        ("10", {"video_percent": "much"}, "must be a number"),
        ("10", {"protected": 1}, "protected is 1, must be true or false"),
    ],
)
def test_impossible_exams_are_refused_in_one_line(begin, target, parameters, message):
    simulation = begin()
    with pytest.raises(ModelError, match=message) as caught:
        act(simulation, "exam", target, **parameters)
    assert "\n" not in str(caught.value)


def test_figures_by_district_add_up(begin):
    simulation = begin(hour=7, minute=50)
    simulation.advance(1800.0)
    found = simulation.systems["classrooms"].kpis_by_district()
    assert set(found) == {"west", "east"}
    total = kpis(simulation)
    for name in ("rule_classes_gbps", "logons", "wifi_carried_gb"):
        assert sum(row[name].value for row in found.values()) == pytest.approx(total[name])


def test_telemetry_of_schools_only_on_demand(begin):
    simulation = begin(hour=8, telemetry=["schools"])
    simulation.advance(600.0)
    table = simulation.context.telemetry.take("schools")
    assert set(table) >= {"at_s", "school", "devices", "load_percent", "page_load_s"}
    assert set(np.diff(np.unique(table["at_s"]))) == {60.0}
    assert begin().context.telemetry.tables() == ()


def test_access_points_and_switches_of_schools_are_devices(begin):
    simulation = begin()
    kinds = simulation.devices()
    assert kinds["ap-10-0"] == "ap"
    assert kinds["sw-30"] == "switch"
    assert simulation.is_reachable("ap-10-0")


def test_a_world_of_one_device_lives_at_its_school_only(begin):
    simulation = begin(hour=8, minute=30, managed=["ap-20-1"])
    simulation.advance(300.0)
    classrooms = simulation.systems["classrooms"]
    assert classrooms.campus.register.ids == ("20",)
    assert gauges(simulation)["devices"] > 10.0
    assert set(simulation.devices()) == {"ap-20-1"}
    idle = begin(managed=[])
    idle.advance(HOUR_S)
    assert not idle.context.trace.counts()
    assert len(kpis(idle)) >= 5
    with pytest.raises(ModelError, match="there are none"):
        idle.systems["classrooms"].story_of("20")


def test_schools_without_access_points_still_have_an_office(begin):
    simulation = begin(make_city(with_aps=False))
    simulation.advance(2 * HOUR_S)
    found = kpis(simulation)
    assert found["lessons"] > 0.0
    assert found["logons"] == 0.0


def test_the_same_seed_gives_the_same_trace_and_another_does_not(begin):
    traces = []
    for seed in (3, 3, 4):
        simulation = begin(hour=7, minute=50, seed=seed)
        simulation.advance(1800.0)
        traces.append(simulation.context.trace.sha256())
    assert traces[0] == traces[1] != traces[2]


@pytest.mark.parametrize("copy", [taken_up, branch])
def test_a_copy_in_mid_storm_has_the_same_future(begin, copy):
    simulation = begin(hour=7, minute=50)
    act(simulation, "exam", "30", **EXAM)
    simulation.advance(700.0)
    other = copy(simulation)
    for one in (simulation, other):
        one.advance(2400.0)
        one.check_invariants()
    assert simulation.context.trace.sha256() == other.context.trace.sha256()
    assert kpis(simulation) == kpis(other)


def test_bells_of_both_timetables():
    clock = Clock(datetime(2026, 1, 20, tzinfo=BERLIN), "Europe/Berlin")
    day = clock.local(0.0)
    primary = lessons_of_day(clock, day, "Grundschule", 5)
    assert primary[0] == ((460 + 5) * 60.0, (505 + 5) * 60.0)
    secondary = lessons_of_day(clock, day, "Gymnasium", 0)
    assert sum(end - begin for begin, end in secondary) / 5 == pytest.approx(67.6 * 60, rel=0.01)


def test_figures_by_form_take_the_first_word():
    assert form_value("class_size", "Gymnasium") == 27.1
    assert form_value("class_size", "Förderschule Grund-/Hauptschule") == 11.5
    assert form_value("class_size", "Waldorfschule") == 23.9


def test_duisburg_needs_what_the_federal_rule_says():
    register = Register((city := read_city(city_folder("duisburg"))), city.schools)
    assert len(register.ids) == 133
    assert register.pupils.sum() == 71_250
    assert register.classes_need_bps.sum() / 1e9 == pytest.approx(89.4, rel=0.01)
    assert np.all(register.need_bps <= 1e9)
    assert register.meets_rule.sum() < 133


def test_every_assumption_has_a_source_and_a_mark():
    assert len({assumption.key for assumption in ASSUMPTIONS}) == len(ASSUMPTIONS)
    for assumption in ASSUMPTIONS:
        assert assumption.mark in {"R", "S", "C", "K"}
        assert assumption.source
        assert assumption.used_by == "classrooms"
