#!/bin/sh
# Trains a package of scripts/train.py --portable for so many minutes, on the device that jax
# finds, and copies what came of it: networks, cards, curves, a sheet, and the state to go on from.
#
#     sh scripts/train_package.sh PACKAGE OUT MINUTES
#
# Needs a Python with jax, numpy and Pillow; the variable PYTHON names another than python3.
set -eu
if [ $# -ne 3 ]; then
    echo "usage: sh train_package.sh PACKAGE OUT MINUTES" >&2
    exit 2
fi
package=$1 minutes=$3
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$package"
# The runner stops by itself; a compiler that hangs is told to after two minutes more.
status=0
timeout --signal=TERM --kill-after=60 $((minutes * 60 + 120)) \
    "${PYTHON:-python3}" -m tfdisco.portable.run . --minutes "$minutes" || status=$?
for file in last.npz metrics.jsonl generator.npz generator.json discriminator.npz \
        discriminator.json samples.png; do
    if [ -e "$file" ]; then cp "$file" "$out/"; fi
done
exit "$status"
