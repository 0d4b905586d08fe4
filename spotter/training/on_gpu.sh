#!/usr/bin/env bash
# The two commands of a run on a rented GPU, which needs no network:
#
#   spotter/training/on_gpu.sh check PACK OUT [OPTIONS]           checks the device, times variants (a minute)
#   spotter/training/on_gpu.sh train PACK OUT MINUTES [OPTIONS]   trains for MINUTES
#
# `check` writes the settings of the fastest variant to OUT/variants.txt; pass them to `train` after --set. OPTIONS
# are those of `python -m spotter.training.gpu_variants` or of `python -m spotter.training`, such as
# --recipe small or --set optimiser.learning_rate=1e-3. `train` writes weights to OUT every minute;
# `python -m spotter.training.snapshots OUT nano.safetensors` joins the newest into one file.
set -euo pipefail
usage="usage: on_gpu.sh check PACK OUT [OPTIONS] | on_gpu.sh train PACK OUT MINUTES [OPTIONS]"
[ $# -ge 3 ] || { echo "$usage" >&2; exit 2; }
task=$1 pack=$(realpath "$2") out=$(realpath -m "$3")
shift 3
cd "$(dirname "$0")/../.."
export PYTHONUNBUFFERED=1 PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
PYTHON=${PYTHON:-python3}
mkdir -p "$out"

case $task in
  check)
    $PYTHON -c 'import sys, torch; print("Python", sys.version.split()[0], "torch", torch.__version__,
      torch.cuda.get_device_name() if torch.cuda.is_available() else "without a GPU")'
    exec $PYTHON -m spotter.training.gpu_variants --pack "$pack" --out "$out/variants.txt" "$@"
    ;;
  train)
    [ $# -ge 1 ] || { echo "$usage" >&2; exit 2; }
    minutes=$1
    shift
    name="gpu-$(date +%Y%m%d-%H%M%S)" # a run of its own each time
    exec $PYTHON -m spotter.training --name "$name" --minutes "$minutes" --pack "$pack" --snapshots "$out" "$@"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
