#!/usr/bin/env bash
# Trains (or evaluates) by several processes on one machine:
#
#     PROCESSES=2 DEVICES=2 launch/local.sh --config=configs/stgan.py --workdir=runs/a
#     PROCESSES=4 GPUS=0,1,2,3 launch/local.sh --config=configs/stgan.py --workdir=runs/a
#
# The same command again goes on where the run stopped. Variables:
#
#   PROCESSES  how many processes (2)
#   DEVICES    simulated CPU devices of each process (1); not together with GPUS
#   GPUS       numbers of the GPUs, split evenly over the processes in this order
#   GRACE      seconds that the others get to end after one has failed, before they are killed (30)
#   PYTHON     the interpreter (python)
#   MODULE     gait_jax.train or gait_jax.evaluate (gait_jax.train)
#
# SIGTERM, or Ctrl-C once, tells all processes to save and stop; Ctrl-C again kills them. The exit
# status is that of the first process to fail; 75 where all that happened is that the run was told
# to stop and saved; else 0. Each line of output starts with the number of its process.

set -euo pipefail

readonly STOPPED=75 # The run was told to stop, and saved: the same command goes on.

fail() {
    echo "local.sh: $1" >&2
    exit 1
}

PROCESSES=${PROCESSES:-2}
GRACE=${GRACE:-30}
PYTHON=${PYTHON:-python}
MODULE=${MODULE:-gait_jax.train}

(($# > 0)) || fail "no arguments; give those of $MODULE: --config=... --workdir=..."
[[ $PROCESSES =~ ^[1-9][0-9]*$ ]] || fail "PROCESSES=$PROCESSES is not a number above 0"
[[ ${DEVICES:-1} =~ ^[1-9][0-9]*$ ]] || fail "DEVICES=$DEVICES is not a number above 0"
[[ $GRACE =~ ^[0-9]+$ ]] || fail "GRACE=$GRACE is not a number of seconds"
command -v "$PYTHON" >/dev/null || fail "no interpreter PYTHON=$PYTHON; activate the environment"

devices=()
if [[ -n ${GPUS:-} ]]; then
    [[ -z ${DEVICES:-} ]] || fail "both GPUS and DEVICES are set; choose one"
    IFS=, read -r -a devices <<<"$GPUS"
    ((${#devices[@]} % PROCESSES == 0)) ||
        fail "the ${#devices[@]} GPUs of GPUS=$GPUS do not split evenly over $PROCESSES processes"
fi

# A port of the loopback interface that nobody holds. Until process 0 listens on it another program
# may take it: then process 0 fails, and this script with it.
port=$("$PYTHON" -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as server: print(server.getsockname()[1])')

# What sets process $1's devices, as arguments of env.
environment() {
    if [[ -n ${GPUS:-} ]]; then
        local each=$((${#devices[@]} / PROCESSES))
        local own=("${devices[@]:$1 * each:each}")
        local IFS=,
        echo "CUDA_VISIBLE_DEVICES=${own[*]}"
    else
        echo "JAX_PLATFORMS=cpu"
        echo "XLA_FLAGS=${XLA_FLAGS:-} --xla_force_host_platform_device_count=${DEVICES:-1}"
    fi
}

pids=()
labels=()

# Processes that have ended already need no signal.
signal_all() {
    for pid in "${pids[@]}"; do
        kill -"$1" "$pid" 2>/dev/null || true
    done
}

interrupted=false
# shellcheck disable=SC2329 # The trap calls it.
interrupt() {
    if [[ $interrupted == true ]]; then
        signal_all KILL
    fi
    interrupted=true
    echo "local.sh: telling all processes to save and stop; Ctrl-C again kills them" >&2
    signal_all TERM
}
trap interrupt INT
trap 'signal_all TERM' TERM

for ((i = 0; i < PROCESSES; i++)); do
    mapfile -t settings < <(environment "$i")
    # A label outlives the signals meant for its process, so that its last lines are seen.
    exec {output}> >(trap '' INT TERM && exec sed -u "s/^/[$i] /")
    labels+=("$!")
    env "${settings[@]}" PYTHONUNBUFFERED=1 "$PYTHON" -m "$MODULE" "$@" \
        --coordinator_address="127.0.0.1:$port" --num_processes="$PROCESSES" --process_id="$i" \
        >&"$output" 2>&1 {output}>&- &
    pids+=("$!")
    exec {output}>&-
done

# What process $1 has ended with counts, unless another failed before it.
status=0
account() {
    local ended=0
    wait "$1" || ended=$?
    if ((ended == 0)); then
        return
    fi
    if ((status == 0 || (status == STOPPED && ended != STOPPED))); then
        status=$ended
    fi
    if ((ended != STOPPED && deadline == 0)); then
        echo "local.sh: a process ended with status $ended; stopping the others" >&2
        signal_all TERM
        deadline=$((SECONDS + GRACE + 1))
    fi
}

# Looks at each in turn: before bash 5.1, `wait -n` cannot tell a process that ended from a signal
# that was trapped.
deadline=0
running=("${pids[@]}")
while ((${#running[@]} > 0)); do
    left=()
    for pid in "${running[@]}"; do
        if kill -0 "$pid" 2>/dev/null; then
            left+=("$pid")
        else
            account "$pid"
        fi
    done
    running=(${left[@]+"${left[@]}"})
    if ((deadline > 0 && SECONDS >= deadline)); then
        signal_all KILL
    fi
    if ((${#running[@]} > 0)); then
        sleep 0.2 || true # Ctrl-C ends it early.
    fi
done

for label in "${labels[@]}"; do
    wait "$label" || true
done
exit "$status"
