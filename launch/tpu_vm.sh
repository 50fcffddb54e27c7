#!/usr/bin/env bash
# Trains on all workers of a Cloud TPU VM, or does other work on one, from any machine that has
# gcloud:
#
#     TPU=my-tpu ZONE=us-central2-b DIRECTORY=/mnt/shared/gait_jax launch/tpu_vm.sh \
#         --config=configs/stgan.py --config.batch_size=64 --workdir=/mnt/shared/runs/a
#
# The same command again goes on where the run stopped, on a TPU created anew, too. Variables:
#
#   TPU        name of the TPU VM (needed)
#   ZONE       its zone (needed)
#   DIRECTORY  the repository, on a file system that all workers mount (needed)
#   PYTHON     the interpreter there, relative to DIRECTORY (.venv/bin/python)
#   MODULE     what to run (gait_jax.train); whatever does not train is one process, on the first
#              chip of the first worker
#
# SIGTERM, or Ctrl-C, tells all workers to save and stop. The exit status is gcloud's: that of the
# first worker, in their order, that did not end with 0.

set -euo pipefail

fail() {
    echo "tpu_vm.sh: $1" >&2
    exit 1
}

MODULE=${MODULE:-gait_jax.train}

(($# > 0)) || fail "no arguments; give those of $MODULE: --config=... --workdir=..."
for name in TPU ZONE DIRECTORY; do
    [[ -n ${!name:-} ]] || fail "$name is not set; see the top of launch/tpu_vm.sh"
done
[[ "$*" != *gs://* ]] ||
    fail "gs:// is not supported: give paths on a file system that all workers mount"

workers=all
arguments=("$@")
chip=()
if [[ $MODULE != gait_jax.train ]]; then
    workers=0
    arguments=(--num_processes=1 "$@")
    # With more of the slice, libtpu would wait for the other workers.
    chip=(env TPU_VISIBLE_CHIPS=0 "TPU_CHIPS_PER_PROCESS_BOUNDS=1,1,1" "TPU_PROCESS_BOUNDS=1,1,1")
fi
on_workers=(gcloud compute tpus tpu-vm ssh "$TPU" --zone="$ZONE" --worker="$workers")

# Ending the connection does not end what runs at its other end, so that is told by another one.
# The brackets keep the pattern from matching the shell that looks for it; a worker that has ended
# already is no error.
# shellcheck disable=SC2329 # The trap calls it.
stop() {
    echo "tpu_vm.sh: telling all workers to save and stop" >&2
    local pattern="-m [${MODULE:0:1}]${MODULE:1}"
    "${on_workers[@]}" --command="pkill --signal TERM --full -- '$pattern' || true" || true
}
trap stop INT TERM

# Quoted once more, for the shell of the workers.
printf -v command '%q ' ${chip[@]+"${chip[@]}"} \
    "${PYTHON:-.venv/bin/python}" -m "$MODULE" "${arguments[@]}"
printf -v place '%q' "$DIRECTORY"
# A plain command, since bash keeps Ctrl-C from these in the background, and not from functions.
"${on_workers[@]}" --command="cd $place && exec $command" &
run=$!

# A signal that is trapped ends a wait early; the status is asked for when gcloud has ended.
while kill -0 "$run" 2>/dev/null; do
    wait "$run" || true
done
status=0
wait "$run" || status=$?
exit "$status"
