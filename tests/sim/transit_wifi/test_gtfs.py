"""Timetables of a feed: what is read, what is cut, what is refused."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta

import numpy as np
import pytest

from twin.geo.projection import utm_to_wgs84
from twin.model.errors import ModelError
from twin.sim.transit_wifi import gtfs
from twin.sim.transit_wifi.gtfs import read_gtfs

MONDAY = datetime(2026, 1, 19)
TABLES = {
    "routes.txt": "route_id,route_short_name,route_type\nr1,901,900\nr2,RE1,100\nr3,921,3\n",
    "trips.txt": "trip_id,route_id,service_id\nt1,r1,week\nt2,r1,week\nt3,r2,week\nt4,r3,extra\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nweek,1,1,1,1,1,0,0,20260101,20261231\n",
    "calendar_dates.txt": "service_id,date,exception_type\nextra,20260125,1\nweek,20260121,2\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,07:59:00,08:00:00,s0,1\nt1,08:02:00,08:02:00,s1,2\nt1,08:02:00,08:02:00,s2,3\n"
    "t1,09:00:00,09:00:00,far,4\n"
    "t2,24:30:00,24:30:00,s0,1\nt2,24:32:00,24:32:00,s1,2\nt2,24:32:00,24:32:00,s2,3\n"
    "t3,08:00:00,08:00:00,s0,1\nt3,08:10:00,08:10:00,s2,2\n"
    "t4,10:00:00,10:00:00,s2,1\nt4,10:05:00,10:05:00,s0,2\n",
}


@pytest.fixture
def feed(tmp_path, city):
    """Write a feed, with tables replaced or left out."""

    def write(**changes):
        x = np.array([stop.x_m for stop in city.stops[:3]])
        y = np.array([stop.y_m for stop in city.stops[:3]])
        lon, lat = utm_to_wgs84(x, y)
        rows = [f"s{k},Stop {k},{lat[k]:.6f},{lon[k]:.6f}" for k in range(3)]
        stops = "\n".join(["stop_id,stop_name,stop_lat,stop_lon", *rows, "far,Far,50.0,8.0"])
        tables = {"stops.txt": "\ufeff" + stops + "\n"} | TABLES
        tables |= {name.replace("_txt", ".txt"): text for name, text in changes.items()}
        path = tmp_path / "feed.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in tables.items():
                if text is not None:
                    archive.writestr(name, text)
        return path

    return write


def test_trips_are_cut_to_the_city_and_trains_left_out(feed, city):
    timetable = read_gtfs(feed(), city)
    assert [(p.line, p.mode, p.stops) for p in timetable.patterns] == [
        ("901", "tram", ("s0", "s1", "s2")),
        ("921", "bus", ("s2", "s0")),
    ]
    tram = timetable.patterns[0]
    assert tram.offset_s == (0.0, 120.0, 140.0)  # two stops in one minute are parted
    assert tram.names[0] == "Stop 0"
    assert tram.x_m[0] == pytest.approx(city.stops[0].x_m, abs=0.2)


@pytest.mark.parametrize(
    ("day", "tram", "bus"),
    [(0, [28800.0, 88200.0], []), (2, [], []), (5, [], []), (6, [], [36000.0])],
)
def test_calendar_and_its_exceptions_decide_the_days(feed, city, day, tram, bus):
    departures = read_gtfs(feed(), city).departures(MONDAY + timedelta(days=day))
    assert [times.tolist() for times in departures] == [tram, bus]


@pytest.mark.parametrize(
    ("table", "text", "cause"),
    [
        ("routes_txt", None, "has no routes.txt"),
        ("routes_txt", "route_id\nr1\n", "routes.txt has no column 'route_type'"),
        ("routes_txt", "route_id,route_type\nr1,tram\n", "routes.txt row 2: route_type"),
        ("trips_txt", "trip_id,route_id,service_id\nt1,r1,never\n", "trips.txt row 2: service"),
        ("stop_times_txt", TABLES["stop_times.txt"].replace("08:02:00", "8h"), "row 3: time"),
        ("stop_times_txt", TABLES["stop_times.txt"].replace("08:02:00", "99:00:00"), "too late"),
        ("stop_times_txt", TABLES["stop_times.txt"].replace("08:02:00", "07:00:00"), "back in"),
        ("stop_times_txt", "trip_id,stop_id,stop_sequence,departure_time\nt1\n", "too short"),
        ("stops_txt", "stop_id,stop_lat,stop_lon\ns0,north,6\n", "stops.txt row 2"),
        ("stops_txt", "stop_id,stop_lat,stop_lon\ns0,951,6\n", "no place on earth"),
        ("stops_txt", "stop_id,stop_lat,stop_lon\n", "no tram or bus"),
        ("calendar_dates_txt", "service_id,date,exception_type\nx,tomorrow,1\n", "is no date"),
    ],
)
def test_feeds_that_make_no_sense_are_refused_in_one_line(feed, city, table, text, cause):
    with pytest.raises(ModelError, match=cause) as refused:
        read_gtfs(feed(**{table: text}), city)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("feed.zip")


def test_without_any_calendar_nothing_can_be_planned(feed, city):
    with pytest.raises(ModelError, match="neither calendar"):
        read_gtfs(feed(calendar_txt=None, calendar_dates_txt=None), city)


def test_a_file_that_is_no_zip_is_refused(tmp_path, city):
    path = tmp_path / "feed.zip"
    path.write_text("stops")
    with pytest.raises(ModelError, match=r"feed.zip: cannot be read"):
        read_gtfs(path, city)
    with pytest.raises(ModelError, match=r"none.zip: cannot be read"):
        read_gtfs(tmp_path / "none.zip", city)


@pytest.mark.parametrize(
    ("limit", "value", "cause"),
    [
        ("MAX_ZIP_BYTES", 10, "larger than"),
        ("MAX_TABLE_BYTES", 100, "larger than 100 bytes"),
        ("MAX_ROWS", 3, "more than 3 rows"),
    ],
)
def test_feeds_beyond_the_limits_are_refused(feed, city, monkeypatch, limit, value, cause):
    monkeypatch.setattr(gtfs, limit, value)
    with pytest.raises(ModelError, match=cause):
        read_gtfs(feed(), city)


def test_a_table_that_unpacks_to_more_than_it_says_is_stopped():
    class Endless:
        def read(self, n):
            return b"x" * n

    raw = gtfs._Limited(Endless(), "feed.zip", "stops.txt")
    raw._left = 1000
    buffer = bytearray(600)
    assert raw.readinto(buffer) == 600
    with pytest.raises(ModelError, match="larger"):
        raw.readinto(buffer)
