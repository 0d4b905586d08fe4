#!/usr/bin/env bash
# Rehearses a run on a rented GPU, on this machine's CPU: copies what would be uploaded and checks its size, creates an
# environment with only the packages of such a machine, runs the commands of the run, and loads the resulting weights.
#
#   spotter/training/rehearse_gpu.sh PACK [FOLDER]      FOLDER: for the environment and the copy; reused by later calls
set -euo pipefail
pack=$(realpath "$1") folder=$(realpath -m "${2:-.rehearsal}")
cd "$(dirname "$0")/../.."
LIMIT=$((64 * 1024 * 1024)) # bytes that may be uploaded
PACKAGES="torch==2.11.0 torchvision==0.26.0 timm opencv-python-headless pillow scipy numpy safetensors tqdm"

python=$(command -v python3.12 || command -v python3) # rented machines have 3.12
[ -x "$folder/venv/bin/python" ] || "$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -c 'import torch, tqdm; assert torch.__version__.startswith("2.11.")' 2>/dev/null ||
  "$folder/venv/bin/pip" install -q $PACKAGES

rm -rf "$folder/copy" "$folder/out"
mkdir -p "$folder/copy"
git ls-files -z spotter | grep -zv '\.js$\|\.css$\|\.html$' | xargs -0 cp --parents -t "$folder/copy"
cp "$pack" "$folder/copy/pack.zip"
size=$(du -sb "$folder/copy" | cut -f1)
echo "upload: $((size / 1024)) KiB of at most $((LIMIT / 1024)) KiB"
[ "$size" -le "$LIMIT" ] || { echo "The upload is too large: make a smaller pack (--limit)." >&2; exit 2; }

cd "$folder/copy"
export PYTHON="$folder/venv/bin/python" OMP_NUM_THREADS=1
tiny="pool.shows=3 pool.gigabytes=0.5 pool.minimum=3 workers=1"
spotter/training/on_gpu.sh check pack.zip "$folder/out" --device cpu --batches 2 --set $tiny
spotter/training/on_gpu.sh train pack.zip "$folder/out" 1 --device cpu --set $tiny $(cat "$folder/out/variants.txt")
"$PYTHON" -m spotter.training.snapshots "$folder/out" "$folder/weights.safetensors"
"$PYTHON" - "$folder/weights.safetensors" <<'PYTHON'
import sys

import torch

from spotter.weights import load_weights

model, card = load_weights(sys.argv[1])
with torch.no_grad():
    found = model([torch.zeros(3, 96, 160)], threshold=-1.0)
print("the weights load and recognise text:", tuple(found.reading.ids.shape), "ids after", card["steps"], "steps")
PYTHON
