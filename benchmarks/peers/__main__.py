"""Writes `out/bench/peers.json`: `python -m benchmarks.peers [W1 W2 ...]`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers import city, w1, w2, w3, w4, w5

WORKS = {"W1": w1.entries, "W2": w2.entries, "W3": w3.entries, "W4": w4.entries, "W5": w5.entries,
         "CITY": city.entries}  # fmt: skip
TARGET = Path("out/bench/peers.json")


def main(words: list[str]) -> int:
    """Run the works named, or all, and write what was found after each."""
    unknown = [word for word in words if word not in WORKS]
    if unknown:
        print(f"error: {unknown[0]!r} is no work; choose of {', '.join(WORKS)}", file=sys.stderr)
        return 64
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, object]] = []
    for name in words or WORKS:
        for entry in WORKS[name]():
            found.append(asdict(entry))
            TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(f"{entry.work:45} {entry.peer:38} {entry.ours:12,.1f} {entry.theirs:12,.1f} "
                  f"{entry.unit:12} x{entry.ratio:,.1f}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
