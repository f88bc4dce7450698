"""Whoever looks at the signals changes nothing of what happens to them."""

from __future__ import annotations

import pytest

from tests.sim.signals.towns import run


class _Lamps:
    """Writes down what they are told, and when."""

    def __init__(self, context):
        self.context, self.heard = context, []

    def detect(self, corridor, at_s, speed_m_s):
        self.heard.append((self.context.kernel.now_s, corridor, at_s, speed_m_s))


def _look_at_figures(system):
    system.kpis()
    system.kpis_by_district()


def _read(system):
    system.read_signal("signal-1")


@pytest.mark.parametrize(
    "look",
    [_look_at_figures, lambda system: system.gauges(), _read],
    ids=["kpis", "gauges", "read"],
)
def test_looking_between_two_steps_does_not_change_the_future(look):
    (quiet, unseen), (watched, seen) = run(hour=7), run(hour=7)
    lamps = [_Lamps(quiet), _Lamps(watched)]
    unseen.watch_vehicles(lamps[0].detect)
    seen.watch_vehicles(lamps[1].detect)
    for at_s in (33.0, 77.0, 125.0, 304.0, 611.0):
        watched.kernel.advance(at_s)
        look(seen)
    for context in (quiet, watched):
        context.kernel.advance(3600.0)
    assert watched.trace.sha256() == quiet.trace.sha256()
    assert lamps[0].heard == lamps[1].heard
    assert len(lamps[0].heard) > 100
    assert (seen.traffic.departed == unseen.traffic.departed).all()
    assert seen.kpis() == unseen.kpis()
