"""Check the numpydoc docstrings of everything public, by the rules in pyproject.toml.

Objects are imported, not read: so the parameters of a dataclass are known. A docstring that lists
parameters must list all of them; one that says it in a sentence need not.
"""

import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from numpydoc.validate import validate

SKIPPED = ("__main__", "setup")
_NAME = re.compile(r"'(\w+)'")


def main(packages: list[str]) -> int:
    """Print what is wrong in the packages and return the exit code."""
    root = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(root))
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    checks = frozenset(settings["tool"]["numpydoc_validation"]["checks"])
    complaints = [line for package in packages for line in _complaints(package, checks)]
    for line in sorted(complaints):
        print(line)
    return 1 if complaints else 0


def _complaints(package: str, checks: frozenset[str]) -> Iterator[str]:
    for module_name in _modules(package):
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            item = getattr(module, name)
            if getattr(item, "__module__", "") != module_name or not callable(item):
                continue
            for path in (name, *_methods(item, name)):
                result = validate(f"{module_name}.{path}")
                lists_parameters = "Parameters\n" in result["docstring"]
                for code, message in result["errors"]:
                    names = _NAME.findall(message)
                    is_private = code == "PR01" and all(n.startswith("_") for n in names)
                    if code in checks and (lists_parameters or code != "PR01") and not is_private:
                        place = f"{result['file']}:{result['file_line']}"
                        yield f"{place}: {path}: {code} {message}"


def _modules(package: str) -> Iterator[str]:
    yield package
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if info.name.rpartition(".")[2] not in SKIPPED:
            yield info.name


def _methods(item: object, name: str) -> Iterator[str]:
    if inspect.isclass(item):
        for method, value in vars(item).items():
            if inspect.isfunction(value) and not method.startswith("_"):
                yield f"{name}.{method}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
