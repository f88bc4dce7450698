"""Compiled extensions of Stellwerk; everything else about the package stands in pyproject.toml.

Environment
-----------
CEXT_DEBUG : ``1`` turns on Cython's bounds, wrap-around and ``None`` checks and C assertions.
CEXT_SANITIZE : ``1`` compiles with gcc's address and undefined-behaviour sanitizers, which end the
    process at the first finding. Python must then start with the sanitizer's library:
    ``LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 python ...``
"""

from __future__ import annotations

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("CEXT_DEBUG", "") == "1"
SANITIZE = os.environ.get("CEXT_SANITIZE", "") == "1"

# -fno-math-errno, -fno-trapping-math: the loops choose between two computed branches; with the
# default flags the compiler must keep the branch (a trap could be seen) and the loop stays scalar.
# NaN and infinity are refused before the loop, so nothing observable is given up. The flags that
# change values (-ffast-math) are not used, nor -march=native: variants are picked at run time.
RELAXED = ["-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"]
SPEED = ["-O1", "-g", "-UNDEBUG"] if DEBUG or SANITIZE else ["-O3", "-DNDEBUG"]
CHECKS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"] if SANITIZE else []

CEXT = Path(__file__).parent / "cext"

EXTENSIONS = [
    Extension(
        f"cext.{source.stem}",
        [f"cext/{source.name}"],
        depends=[f"cext/{header.name}" for header in sorted(CEXT.glob("*.h"))],
        extra_compile_args=[*SPEED, *RELAXED, *CHECKS, "-fopenmp"],
        extra_link_args=[*CHECKS, "-fopenmp"],
    )
    for source in sorted(CEXT.glob("*.pyx"))
]

setup(
    ext_modules=cythonize(
        EXTENSIONS,
        language_level=3,
        compiler_directives={
            "boundscheck": DEBUG,
            "wraparound": DEBUG,
            "nonecheck": DEBUG,
            "initializedcheck": DEBUG,
            "cdivision": not DEBUG,
            "embedsignature": False,
        },
    )
)
