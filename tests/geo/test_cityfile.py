"""Loading a city folder: what it holds comes back, and what is wrong is one clear line."""

from dataclasses import replace
from pathlib import Path

import pytest

from twin.geo.cityfile import city_counts, load_city, validate_city
from twin.geo.generate.wifi import NETWORKS
from twin.geo.schema import TableEntry
from twin.geo.writer import city_texts, write_city
from twin.model.errors import InputError, ModelError

SMALL = Path(__file__).parents[1] / "data" / "cities" / "kleinstadt"


def edit(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def entries_of(city):
    subjects = {"districts.geojson": "districts"}
    return [
        TableEntry(
            file=item.table,
            subject=subjects.get(item.table, item.table.removesuffix(".csv")),
            source=item.source,
            licence=item.licence,
            attribution=item.attribution,
            changed=item.changed,
            synthetic=item.synthetic,
        )
        for item in city.provenance
    ]


def test_a_city_that_is_written_reads_back_equal(small, tmp_path):
    texts = city_texts(small, entries_of(small), networks=NETWORKS, outline="000")
    write_city(tmp_path / "copy", texts)
    assert load_city(tmp_path / "copy") == small


def test_everything_of_the_small_city_is_there(small):
    counts = city_counts(small)
    assert counts["schools"] == 2
    assert counts["access_points_vehicle"] == 1
    assert counts["small_cells"] == 2
    assert small.schools[0].name == 'Schule "Am Rand", Kleinstadt'
    assert small.stops[2].modes == ()
    assert len(small.districts[2].rings) == 2
    assert validate_city(SMALL) == ()


def test_a_folder_may_be_named_by_its_file(folder, small):
    assert load_city(folder / "city.yaml") == small
    assert load_city(str(folder)) == small


def test_tables_under_two_licences_join(folder, small):
    lines = (folder / "schools.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "schools.csv").write_text("".join(lines[:2]), encoding="utf-8")
    (folder / "schools_more.csv").write_text(lines[0] + lines[2], encoding="utf-8")
    entry = "- file: schools_more.csv\n  subject: schools\n  source: a\n  licence: b\n"
    edit(folder / "city.yaml", "tables:\n", f"tables:\n{entry}  attribution: c\n")
    assert {school.id for school in load_city(folder).schools} == {"1001", "1002"}
    (folder / "schools_more.csv").write_text("".join(lines[:2]), encoding="utf-8")
    with pytest.raises(InputError, match=r"schools.csv:2:1: id '1001' stands in another table"):
        load_city(folder)


def test_windows_line_ends_and_byte_order_mark_are_read(folder, small):
    path = folder / "lamps.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_city(folder).lamps == small.lamps


def test_an_unknown_city_names_those_in_the_box():
    with pytest.raises(InputError, match="no city 'dusiburg'; cities in the box: duisburg"):
        load_city("dusiburg")


@pytest.mark.parametrize("ref", ["", "\0", "x" * 5000, "../duisburg", "/", "."])
def test_a_strange_reference_is_an_input_error(ref):
    with pytest.raises(InputError, match="no city"):
        load_city(ref)


CASES = [
    ("lamps.csv", ",sodium", ",halogen", r"lamps\.csv:\d+:\d+: kind 'halogen' is unknown; use led"),
    (
        "cabinets.csv",
        "100,50,",
        "100,nan,",
        r"cabinets\.csv:\d+:\d+: .*'nan' is not a whole number",
    ),
    ("census.csv", "400250.0,", "nan,", r"census\.csv:2:1: x_m 'nan' is not a number"),
    ("census.csv", "400250.0,", "1e999,", r"census\.csv:2:1: x_m '1e999' is out of range"),
    ("census.csv", "400250.0,", "40_0250,", r"census\.csv:2:1: x_m '40_0250' is not a number"),
    ("census.csv", "400250.0,", "-400250.0,", r"x_m '-400250.0' is out of range; must be from 0"),
    ("census.csv", "400250.0,", ",", r"census\.csv:2:1: x_m '' is not a number"),
    (
        "schools.csv",
        "id,name",
        "id,title",
        r"schools\.csv:1:1: the header is id,title.*; write id,name",
    ),
    ("schools.csv", ",260", ",-260", r"schools\.csv:2:\d+: pupils '-260' is out of range"),
    ("schools.csv", ",260", ",260,1", r"schools\.csv:2:1: 7 cells instead of 6"),
    ("schools.csv", "1002,", "1001,", r"schools\.csv:3:1: id '1001' stands twice"),
    ("schools.csv", "1002,", "Ä/1,", r"schools\.csv:3:1: id 'Ä/1' is not allowed here"),
    ("schools.csv", "Gymnasium Mitte", '"Gymnasium\nMitte"', "a cell spans several lines"),
    ("schools.csv", "1002,Gym", '1002,"Gym"x', r"schools\.csv:3:1: not CSV"),
    (
        "schools.csv",
        "Gymnasium Mitte",
        "Gymnasium\x07Mitte",
        r"schools\.csv:3:15: control character",
    ),
    (
        "stops.csv",
        "tram+rail",
        "tram+train",
        r"stops\.csv:2:\d+: modes 'tram\+train' is not allowed",
    ),
    ("radios.csv", "ap-street-01,2", "ap-street-01,1", "index '1' stands twice for ap-street-01"),
    (
        "radios.csv",
        "ap-street-01,1",
        "ap-nowhere,1",
        "'ap-nowhere' is not in the access_points table",
    ),
    ("access_points.csv", ",city,", ",town,", "networks 'town' is unknown; use city, school"),
    ("access_points.csv", "outdoor_fixed", "outside", "placement 'outside' is unknown"),
    (
        "lines.csv",
        "1+2+3",
        "1+2+9",
        r"lines\.csv:2:8: stops '1\+2\+9' names 9, which is not in the",
    ),
    ("lines.csv", "1+2+3", "1", r"lines\.csv:2:8: stops '1' is not allowed here"),
    ("lines.csv", ",450,", ",-450,", r"lines\.csv:2:\d+: headway_peak_s '-450' is out of range"),
    ("lines.csv", ",200,", ",0,", r"vehicle_places '0' is out of range; must be from 1"),
    ("lines.csv", ",900,2", ",900,9", r"lines\.csv:2:\d+: tunnel_stops '9' is not on the line"),
    ("lines.csv", ",tram,", ",boat,", r"lines\.csv:2:3: mode 'boat' is unknown; use bus, tram"),
    ("signals.csv", ",1500,", ",-1,", r"signals\.csv:2:\d+: flow_veh_h '-1' is out of range"),
    ("signals.csv", ",junction", ",cross", r"kind 'cross' is unknown; use junction, pedestrian"),
    (
        "power_nodes.csv",
        "sub-2+sub-1",
        "sub-7",
        r"power_nodes\.csv:5:\d+: feeds 'sub-7' names sub-7",
    ),
    (
        "power_nodes.csv",
        "sub-2+sub-1",
        "ns-2",
        r"power_nodes\.csv:5:\d+: feeds 'ns-2' feeds itself",
    ),
    (
        "power_nodes.csv",
        "sub-1+sub-2\nns-2,station,400700.0,5700450.0,sub-2+sub-1",
        "ns-2\nns-2,station,400700.0,5700450.0,ns-1",
        r"power_nodes\.csv:4:\d+: feeds 'ns-2' is a circle: ns-1 < ns-2 < ns-1; feed each station",
    ),
    ("offices.csv", ",5000", ",-1", r"offices\.csv:2:\d+: appointments_per_year '-1' is out of"),
    ("fibre_links.csv", "pop-2,400", "pop-9,400", r"fibre_links\.csv:2:\d+: b 'pop-9' names pop-9"),
    ("fibre_links.csv", "pop-2,400", "pop-1,400", r"b 'pop-1' is where the cable begins"),
    ("fibre_links.csv", ",2.5", ",0", r"fibre_links\.csv:4:\d+: capacity_mbps '0' is out of range"),
    ("gateways.csv", ",30,", ",-30,", r"gateways\.csv:2:\d+: height_m '-30' is out of range"),
    ("wireless_customers.csv", "site-a-001", "roof", r"customers\.csv:2:7: hub 'roof' names roof"),
    ("wireless_customers.csv", ",12", ",0", r"customers\.csv:2:\d+: homes '0' is out of range"),
    ("assumptions.csv", ",K,", ",X,", r"assumptions\.csv:2:\d+: mark 'X' is unknown; use C, K"),
    ("assumptions.csv", ",450,", ",much,", r"assumptions\.csv:2:\d+: value 'much' is not a number"),
    ("ports.csv", "sw-street,2,", "sw-street,1,", "index '1' stands twice for sw-street"),
    ("ports.csv", ",low,1", ",low,yes", "admin_up 'yes' is unknown; use 0, 1"),
    ("cells.csv", ",UMa,", ",UMaX,", "scenario 'UMaX' is unknown; use RMa, UMa, UMi"),
    ("city.yaml", "Europe/Berlin", "Europe/Duisburg", r"city\.yaml:\d+:\d+: .*unknown time zone"),
    (
        "city.yaml",
        "outline: '000'",
        "outline: '999'",
        r"city\.yaml:\d+:\d+: outline '999' is the code",
    ),
    (
        "city.yaml",
        "street_km:",
        "streets_km:",
        "unknown key 'streets_km'; did you mean 'street_km'",
    ),
    ("city.yaml", "file: lamps.csv", "file: ../lamps.csv", "should match pattern"),
    (
        "city.yaml",
        "file: lamps.csv",
        "file: ports.csv",
        r"city\.yaml:\d+:\d+: file ports.csv stands twice",
    ),
    ("city.yaml", "file: lamps.csv", "file: lamps.geojson", "lamps cannot stand in lamps.geojson"),
    ("districts.geojson", '"000"', '"200"', r"districts\.geojson:\d+:\d+: code '200' stands twice"),
    ("districts.geojson", "[7.", "[700.", r"districts\.geojson:2:\d+: .*less than or equal to 180"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), CASES)
def test_a_mistake_is_one_line_that_says_where(folder, name, old, new, message):
    edit(folder / name, old, new)
    with pytest.raises(InputError, match=message) as caught:
        load_city(folder)
    assert "\n" not in str(caught.value)
    (finding,) = validate_city(folder)
    assert finding.severity == "error"
    assert name.split(".")[0] in finding.where


def test_the_column_of_a_cell_counts_quoted_cells_before_it(folder):
    edit(folder / "schools.csv", ",260", ",many")
    with pytest.raises(InputError) as caught:
        load_city(folder)
    line = (folder / "schools.csv").read_text(encoding="utf-8").splitlines()[1]
    assert caught.value.line == 2
    assert line[caught.value.column - 1 :] == "many"


def test_a_missing_file_is_named(folder):
    (folder / "lamps.csv").unlink()
    with pytest.raises(InputError, match=r"lamps\.csv: no such file"):
        load_city(folder)


def test_an_empty_table_is_refused_and_a_table_without_rows_is_not(folder):
    path = folder / "lamps.csv"
    header = path.read_text(encoding="utf-8").split("\n", 1)[0]
    path.write_text(header + "\n", encoding="utf-8")
    assert load_city(folder).lamps == ()
    path.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is empty; first line: id,cabinet"):
        load_city(folder)


def test_bytes_that_are_not_utf8_are_refused(folder):
    path = folder / "schools.csv"
    path.write_bytes(path.read_bytes().replace(b"Mitte", b"M\xfctte"))
    with pytest.raises(InputError, match=r"schools\.csv:3:\d+: byte 0xfc is not UTF-8"):
        load_city(folder)


def test_networks_without_a_set_cannot_be_written(small):
    ap = replace(small.access_points[0], ssids=())
    with pytest.raises(ModelError, match=f"{ap.id} offers networks"):
        city_texts(
            replace(small, access_points=(ap,)),
            entries_of(small),
            networks=NETWORKS,
            outline="000",
        )
