#!/usr/bin/env bash
# Trains over MPI with each rank in a network namespace and host name of its own, as if on separate machines: TCP
# over virtual Ethernet, no shared memory between ranks. Needs root on Linux. Changes nothing outside the namespaces
# it makes, and removes them.
#
#   bench/mpi/namespaces.sh RANKS ARGUMENT...      arguments of `cli.ts train`; without, made-up data
#
# With RATE (1gbit, 250mbit) in the environment each rank's link has that bandwidth, each way.
set -euo pipefail
# Of this run alone, so that two runs at once do not share their namespaces.
export TS_RUN=${TS_RUN:-ts$$}
[ "${1:-}" != "--agent" ] || {
  # Open MPI calls its remote shell like ssh: host, then a command. Here a host is a namespace.
  host=$2
  shift 2
  exec ip netns exec "$TS_RUN-${host//./-}" unshare --uts sh -c "hostname ts-${host//./-}; $*"
}
self=$(realpath "$0")
cd "$(dirname "$self")/../.."
ranks=${1:-3}
[ $# -eq 0 ] || shift
[ "$(id -u)" = 0 ] || { echo "Cannot make network namespaces: root is needed"; exit 1; }
hub=$TS_RUN-hub
address() { echo "10.77.0.$(($1 + 1))"; }
namespace() { echo "$TS_RUN-10-77-0-$(($1 + 1))"; }
remove() {
  for ((rank = 0; rank < ranks; rank++)); do ip netns del "$(namespace $rank)" 2>/dev/null || true; done
  ip netns del $hub 2>/dev/null || true
}
trap remove EXIT
ip netns add $hub
ip -n $hub link add bridge type bridge
ip -n $hub link set bridge up
# A bucket of 1 ms of the rate, at least two of the packets that the cards of virtual links take at once (64 kB); what
# waits longer than 100 ms is lost, and TCP sends it again.
limit() {
  [ -n "${RATE:-}" ] || return 0
  local bits=${RATE%bit}
  case $bits in
    *m) bits=$((${bits%m} * 1000000)) ;;
    *g) bits=$((${bits%g} * 1000000000)) ;;
    *) echo "Cannot limit the bandwidth to \"$RATE\": expected a number of mbit or gbit"; exit 1 ;;
  esac
  local burst=$((bits / 8000))
  tc -n "$1" qdisc add dev "$2" root tbf rate "$RATE" burst $((burst > 131072 ? burst : 131072)) latency 100ms
}
hosts=()
for ((rank = 0; rank < ranks; rank++)); do
  name=$(namespace $rank)
  ip netns add "$name"
  ip -n "$name" link set lo up
  ip -n "$name" link add eth0 type veth peer name "port$rank" netns $hub
  ip -n "$name" addr add "$(address $rank)/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n $hub link set "port$rank" master bridge up
  limit "$name" eth0
  limit $hub "port$rank"
  hosts+=("$(address $rank):1")
done
if [ $# -eq 0 ]; then set -- --parallel wasap --transport mpi --epochs 10 --quiet --json; fi
agent=$(mktemp)
deno=${DENO:-deno}
printf '#!/bin/sh\nexec "%s" --agent "$@"\n' "$self" >"$agent"
chmod +x "$agent"
trap 'remove; rm -f "$agent"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
first=$(namespace 0)
ip netns exec "$first" unshare --uts sh -c "hostname $first; exec \"\$@\"" sh \
  mpirun -n "$ranks" --host "$(IFS=,; echo "${hosts[*]}")" \
  --mca plm_rsh_agent "$agent" --mca btl tcp,self --mca pml ob1 \
  --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
  -x NO_COLOR=1 ${TRULY_SPARSE_DATA:+-x TRULY_SPARSE_DATA} \
  "$deno" run --allow-ffi --allow-read --allow-write --allow-env --allow-sys --allow-net cli.ts train "$@"
for ((rank = 0; rank < ranks; rank++)); do
  ip netns exec "$(namespace $rank)" sh -c "echo rank $rank at $(address $rank): sent \$(cat /sys/class/net/eth0/statistics/tx_bytes) bytes, received \$(cat /sys/class/net/eth0/statistics/rx_bytes) bytes" >&2
done
