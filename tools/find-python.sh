#!/bin/sh
# Print the Python to use: the one given, else the first of the usual names that is new enough.
set -u
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

for name in ${1:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
        command -v "$name"
        exit 0
    fi
done
echo "Stellwerk needs Python 3.11 or newer; install it, or say which: make PYTHON=/path/to/python" >&2
exit 1
