"""Timetables of a feed: what is read, what is cut, what is refused."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from twin.geo.projection import utm_to_wgs84
from twin.model.city import TransitLine
from twin.model.errors import ModelError
from twin.sim.transit_wifi import gtfs_tables
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


def _lines(*rows):
    return "\n".join(rows) + "\n"


def test_a_feed_that_lists_single_days_needs_no_calendar(feed, city):
    days = _lines(
        "service_id,date,exception_type", "week,20260119,1", "week,20260120,2", "other,20260119,1"
    )
    trips = "trip_id,route_id,service_id\nt1,r1,week\n"
    path = feed(calendar_txt=None, calendar_dates_txt=days, trips_txt=trips)
    timetable = read_gtfs(path, city)
    counts = [len(timetable.departures(MONDAY + timedelta(days=k))[0]) for k in (-1, 0, 1)]
    assert counts == [0, 1, 0]


def test_a_feed_without_exceptions_needs_no_calendar_dates(feed, city):
    trips = "trip_id,route_id,service_id\nt1,r1,week\n"
    timetable = read_gtfs(feed(calendar_dates_txt=None, trips_txt=trips), city)
    assert timetable.departures(MONDAY)[0].tolist() == [28800.0]


def test_a_trip_with_headways_runs_at_them_and_not_as_written(feed, city):
    calls = _lines(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
        "t1,00:00:00,00:00:00,far,1",  # the line begins ten minutes outside the city
        "t1,00:10:00,00:10:00,s0,2",
        "t1,00:12:00,00:12:00,s1,3",
    )
    often = _lines(
        "trip_id,start_time,end_time,headway_secs,exact_times",
        "t1,06:00:00,06:30:00,900,0",
        "t1,23:50:00,24:10:00,1200,1",
    )
    timetable = read_gtfs(feed(stop_times_txt=calls, frequencies_txt=often), city)
    assert timetable.departures(MONDAY)[0].tolist() == [
        6 * 3600.0 + 600.0, 6 * 3600.0 + 1500.0, 24 * 3600.0,
    ]  # fmt: skip
    assert timetable.patterns[0].offset_s == (0.0, 120.0)


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("t1,06:00:00,07:00:00,0", "frequencies.txt row 2: headway or times go back"),
        ("t1,07:00:00,06:00:00,60", "frequencies.txt row 2: headway or times go back"),
        ("t1,06:00:00,07:00:00,often", "frequencies.txt row 2: time or headway"),
        ("t1,6,07:00:00,60", "frequencies.txt row 2: time or headway"),
        ("t1,00:00:00,72:00:00,0.1", "frequencies.txt row 2: time or headway"),
    ],
)
def test_headways_that_make_no_sense_are_refused(feed, city, row, cause):
    header = "trip_id,start_time,end_time,headway_secs\n"
    with pytest.raises(ModelError, match=cause):
        read_gtfs(feed(frequencies_txt=f"{header}{row}\n"), city)


def test_headways_cannot_make_departures_without_end(feed, city):
    rows = ["t1,00:00:00,72:00:00,1"] * 5
    often = _lines("trip_id,start_time,end_time,headway_secs", *rows)
    with pytest.raises(ModelError, match="row 5: more than 1000000 departures"):
        read_gtfs(feed(frequencies_txt=often), city)


def test_quoted_fields_other_orders_and_unknown_columns_are_read(feed, city):
    routes = _lines(
        'agency_id,"route_type",route_long_name,route_short_name,route_id',
        '"dvg, Duisburg","0","Ring, gro\u00df ""A""","",r1',
    )
    trips = 'shape_id,service_id,trip_id,route_id\n,"week","t1","r1"\n'
    timetable = read_gtfs(feed(routes_txt=routes, trips_txt=trips), city)
    assert [(p.line, p.mode) for p in timetable.patterns] == [('Ring, gro\u00df "A"', "tram")]


def test_lines_that_end_in_crlf_and_empty_lines_are_read(feed, city):
    calls = TABLES["stop_times.txt"].replace("\n", "\r\n") + "\r\n"
    assert len(read_gtfs(feed(stop_times_txt=calls), city).patterns) == 2


def test_a_platform_without_a_place_is_where_its_station_is(feed, city):
    lon, lat = utm_to_wgs84(
        np.array([stop.x_m for stop in city.stops[:2]]),
        np.array([stop.y_m for stop in city.stops[:2]]),
    )
    stops = _lines(
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station",
        "s0,Platform 1,,,0,station",  # before its station
        f"station,Main Station,{lat[0]:.6f},{lon[0]:.6f},1,",
        f"s1,Market,{lat[1]:.6f},{lon[1]:.6f},0,",
        "s2,Nowhere,,,0,",
        "s3,Orphan,,,4,unknown",
    )
    calls = _lines(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
        "t1,08:00:00,08:00:00,s0,1",
        "t1,08:02:00,08:02:00,s1,2",
    )
    pattern = read_gtfs(feed(stops_txt=stops, stop_times_txt=calls), city).patterns[0]
    assert pattern.names == ("Platform 1", "Market")
    assert pattern.x_m[0] == pytest.approx(city.stops[0].x_m, abs=0.2)


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [
        ("0", "tram"), ("1", "tram"), ("3", "bus"), ("11", "bus"), ("400", "tram"),
        ("700", "bus"), ("704", "bus"), ("900", "tram"), ("902", "tram"),
        ("2", ""), ("4", ""), ("100", ""), ("109", ""), ("1000", ""), ("1300", ""),
    ],
)  # fmt: skip
def test_route_types_basic_and_extended_are_trams_buses_or_others(feed, city, route_type, mode):
    routes = f"route_id,route_short_name,route_type\nr1,x,{route_type}\nr3,y,3\n"
    timetable = read_gtfs(feed(routes_txt=routes), city)
    assert [p.mode for p in timetable.patterns] == [*([mode] if mode else []), "bus"]


def test_times_left_out_between_time_points_are_worked_out(feed, city):
    calls = _lines(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
        "t1,,,far,0",
        "t1,08:04:00,08:04:00,s2,30",  # rows in any order
        "t1,08:00:00,08:00:00,s0,10",
        "t1,,,s1,20",
        "t1,,,s0,40",  # after the last time point: when is not known
    )
    pattern = read_gtfs(feed(stop_times_txt=calls), city).patterns[0]
    assert pattern.stops == ("s0", "s1", "s2")
    assert pattern.offset_s == (0.0, 120.0, 240.0)


def test_buses_above_a_tunnel_station_stay_above(feed, city):
    below = tuple(stop.id for stop in city.stops[:2])
    line = TransitLine(
        id="901", mode="tram", stops=below, vehicle_places=200, headway_peak_s=300.0,
        headway_s=900.0, tunnel_stops=below,
    )  # fmt: skip
    tram, bus = read_gtfs(feed(), replace(city, lines=(line,))).patterns
    assert tram.is_tunnel == (True, True, False)
    assert bus.is_tunnel == (False, False)


def test_tables_in_a_folder_of_the_zip_file_are_found(feed, city, tmp_path):
    folded = tmp_path / "folded.zip"
    with zipfile.ZipFile(feed()) as flat, zipfile.ZipFile(folded, "w") as archive:
        archive.writestr("readme.txt", "no table")
        for name in flat.namelist():
            archive.writestr(f"vrr/{name}", flat.read(name))
    assert len(read_gtfs(folded, city).patterns) == 2


def test_services_elsewhere_in_the_region_may_have_no_calendar(feed, city):
    trips = TABLES["trips.txt"] + "t9,r1,elsewhere\n"
    assert len(read_gtfs(feed(trips_txt=trips), city).patterns) == 2


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
    monkeypatch.setattr(gtfs_tables, limit, value)
    with pytest.raises(ModelError, match=cause):
        read_gtfs(feed(), city)


def test_a_table_that_unpacks_to_more_than_it_says_is_stopped():
    class Endless:
        def read(self, n):
            return b"x" * n

    raw = gtfs_tables._Limited(Endless(), "feed.zip", "stops.txt")
    raw._left = 1000
    buffer = bytearray(600)
    assert raw.readinto(buffer) == 600
    with pytest.raises(ModelError, match="larger"):
        raw.readinto(buffer)
