#!/usr/bin/env bash
# Remake the lock files (hashed, for Python 3.11-3.13) and the conda files with the same pins. Needs `uv` (pip install uv).
# Every lock is solved under the versions of one common solution, so that they can be installed side by side.
set -euo pipefail
cd "$(dirname "$0")"
compile=(uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url)
common=$(mktemp)
trap 'rm -f "$common"' EXIT
"${compile[@]}" core.in pose-cpu.in test.in docs.in -o "$common"
"${compile[@]}" pose-gpu.in -c "$common" --no-deps >/dev/null   # fails early where the two can't agree
for name in core pose-cpu pose-gpu test docs; do
    "${compile[@]}" --generate-hashes -c "$common" "$name.in" -o "$name.lock"
done
for name in rtmlib slurm; do
    "${compile[@]}" --generate-hashes --no-deps "$name.in" -o "$name.lock"
done
python3 conda.py core pose-cpu pose-gpu test
