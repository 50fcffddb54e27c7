#!/usr/bin/env bash
# Trains by several processes on one machine, or does several tasks side by side:
#
#     PROCESSES=2 DEVICES=2 launch/local.sh --config=configs/stgan.py --workdir=runs/a
#     PROCESSES=4 GPUS=0,1,2,3 launch/local.sh --config=configs/stgan.py --workdir=runs/a
#     TASKS=3 launch/local.sh --config=configs/stgan.py --config.seed=%a --workdir=runs/seed_%a
#
# The same command again goes on where the run stopped. Variables:
#
#   PROCESSES  how many processes train together (2)
#   TASKS      in their place, how many processes work each for itself; %a in the arguments is the
#              number of the task, from 0, as in an array of Slurm's
#   DEVICES    simulated CPU devices of each process (1); not together with GPUS
#   GPUS       numbers of the GPUs, split evenly over the processes in this order
#   GRACE      seconds that the others get to end after one has failed, before they are killed (30);
#              tasks leave each other alone
#   PYTHON     the interpreter (python)
#   MODULE     what to run (gait_jax.train); whatever does not train is one process, or one a task
#
# SIGTERM, or Ctrl-C once, tells all processes to save and stop; Ctrl-C again kills them. The exit
# status is that of the first process to fail; 75 where all that happened is that the run was told
# to stop and saved; else 0. Each line of output starts with the number of its process. Without
# GPUS, the processes share out the cores that this script may use.

set -euo pipefail

readonly STOPPED=75 # The run was told to stop, and saved: the same command goes on.

fail() {
    echo "local.sh: $1" >&2
    exit 1
}

GRACE=${GRACE:-30}
PYTHON=${PYTHON:-python}
MODULE=${MODULE:-gait_jax.train}

(($# > 0)) || fail "no arguments; give those of $MODULE: --config=... --workdir=..."
for name in PROCESSES TASKS DEVICES; do
    [[ ${!name:-1} =~ ^[1-9][0-9]*$ ]] || fail "$name=${!name} is not a number above 0"
done
[[ $GRACE =~ ^[0-9]+$ ]] || fail "GRACE=$GRACE is not a number of seconds"
command -v "$PYTHON" >/dev/null || fail "no interpreter PYTHON=$PYTHON; activate the environment"

together=false
count=1
if [[ -n ${TASKS:-} ]]; then
    [[ -z ${PROCESSES:-} ]] || fail "both PROCESSES and TASKS are set; choose one"
    ((TASKS == 1)) || [[ "$*" == *%a* ]] ||
        fail "all $TASKS tasks would do the same work: name the task by %a in the arguments"
    count=$TASKS
elif [[ $MODULE == gait_jax.train ]]; then
    together=true
    count=${PROCESSES:-2}
elif ((${PROCESSES:-1} > 1)); then
    echo "local.sh: $MODULE works in one process, not in PROCESSES=$PROCESSES" >&2
fi

devices=()
if [[ -n ${GPUS:-} ]]; then
    [[ -z ${DEVICES:-} ]] || fail "both GPUS and DEVICES are set; choose one"
    IFS=, read -r -a devices <<<"$GPUS"
    ((${#devices[@]} % count == 0)) ||
        fail "the ${#devices[@]} GPUs of GPUS=$GPUS do not split evenly over $count processes"
fi

# A port of the loopback interface that nobody holds. Until process 0 listens on it another program
# may take it: then process 0 fails, and this script with it.
port=$("$PYTHON" -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as server: print(server.getsockname()[1])')

# The cores that this script may use, hyperthreads of one core side by side.
mapfile -t cores < <("$PYTHON" -c 'import os, pathlib
def core(cpu):
    told = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    first = told.read_text().replace("-", ",").split(",")[0] if told.exists() else cpu
    return int(first), cpu
print(*sorted(os.sched_getaffinity(0), key=core), sep="\n")')

# What starts process $1 with its devices, a word a line. On CPUs, XLA has a thread for each core
# that it may use: processes that all took every core would wait for each other.
start_with() {
    if [[ -n ${GPUS:-} ]]; then
        local each=$((${#devices[@]} / count))
        local own=("${devices[@]:$1 * each:each}")
        local IFS=,
        printf '%s\n' env "CUDA_VISIBLE_DEVICES=${own[*]}"
    else
        local all=${#cores[@]}
        local first=$(($1 * all / count)) end=$((($1 + 1) * all / count))
        ((end > first)) || end=$((first + 1))
        local own=("${cores[@]:first:end - first}")
        local threads=${#own[@]}
        local IFS=,
        printf '%s\n' env "JAX_PLATFORMS=cpu" \
            "XLA_FLAGS=${XLA_FLAGS:-} --xla_force_host_platform_device_count=${DEVICES:-1}" \
            "OMP_NUM_THREADS=${OMP_NUM_THREADS:-$threads}" \
            "OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-$threads}" \
            taskset --cpu-list "${own[*]}"
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

for ((i = 0; i < count; i++)); do
    mapfile -t words < <(start_with "$i")
    words+=("$PYTHON" -m "$MODULE")
    if [[ $together == true ]]; then
        words+=("$@" --coordinator_address="127.0.0.1:$port" --num_processes="$count"
            --process_id="$i")
    elif [[ -n ${TASKS:-} ]]; then
        words+=(--num_processes=1 "${@//%a/$i}")
    else
        words+=(--num_processes=1 "$@")
    fi
    # A label outlives the signals meant for its process, so that its last lines are seen.
    exec {output}> >(trap '' INT TERM && exec sed -u "s/^/[$i] /")
    labels+=("$!")
    PYTHONUNBUFFERED=1 "${words[@]}" >&"$output" 2>&1 {output}>&- &
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
    if [[ $together == true ]] && ((ended != STOPPED && deadline == 0)); then
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
