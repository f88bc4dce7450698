"""Check what a wheel and an sdist hold: nothing missing that the code needs, nothing else.

Usage: python tools/check_wheel.py DIST
"""

import sys
import tarfile
import zipfile
from pathlib import Path

PACKAGES = ("stellwerk", "twin", "controllers", "hil", "cext")
NEEDED = (
    *(f"{package}/py.typed" for package in PACKAGES),
    "cext/_sinr.pyi",
    "twin/cities/duisburg/city.yaml",
    "twin/geo/city.schema.json",
    "controllers/profiles/data/snmp-host.yaml",
    "controllers/profiles/mibs/STELLWERK-LAMP-MIB.mib",
)
UNWANTED = (".c", ".pyx", ".pxd", ".h", ".o", ".pyc")


def main(folder: Path) -> int:
    """Print what is wrong and return the exit code."""
    complaints = []
    for wheel in folder.glob("*.whl"):
        names = zipfile.ZipFile(wheel).namelist()
        complaints += [f"{wheel.name} lacks {name}" for name in NEEDED if name not in names]
        complaints += [f"{wheel.name} ships {n}" for n in names if n.endswith(UNWANTED)]
        tops = {name.partition("/")[0] for name in names if "-" not in name.partition("/")[0]}
        complaints += [f"{wheel.name} ships {n}" for n in tops - {*PACKAGES, "stellwerk.libs"}]
        for end in ("LICENSE", "NOTICE"):
            if not any(name.endswith(f"licenses/{end}") for name in names):
                complaints.append(f"{wheel.name} lacks {end}")
        if "manylinux" not in wheel.name:
            complaints.append(f"{wheel.name} is no manylinux wheel")
    for sdist in folder.glob("*.tar.gz"):
        with tarfile.open(sdist) as archive:
            names = [name.partition("/")[2] for name in archive.getnames()]
        wanted = ("cext/_sinr.pyx", "setup.py", "pyproject.toml", "LICENSE", "NOTICE", *NEEDED)
        complaints += [f"{sdist.name} lacks {name}" for name in wanted if name not in names]
    if len(list(folder.glob("*.whl"))) != 1 or len(list(folder.glob("*.tar.gz"))) != 1:
        complaints.append(f"{folder} must hold one wheel and one sdist")
    for line in complaints:
        print(line)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
