#!/usr/bin/env bash
# Compiles the models of the bundle clip with the ATC of this machine. It writes OMs, and a log
# beside the place of an OM that failed.
# usage: ./compile.sh [TARGET]      targets: edge, old.board
# settings: ASCENDC_SET_ENV, the set_env.sh of a CANN toolkit; ASCENDC_PYTHON, the Python ATC should load;
#           ASCENDC_TIME_LIMIT, seconds for each model.
set -euo pipefail
unset CDPATH
self=${BASH_SOURCE[0]}
while [[ -L $self ]]; do
  link=$(readlink -- "$self")
  if [[ $link != /* ]]; then link=$(dirname -- "$self")/$link; fi
  self=$link
done
here=$(cd -- "$(dirname -- "$self")" && pwd -P)
work=
child=

say() { printf 'ascendc: %s\n' "$1"; }

stop_child() {
  if [[ -n $child ]]; then
    kill -TERM -- "-$child" 2>/dev/null || true
    for ((tick = 0; tick < 30; tick++)); do
      kill -0 "$child" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$child" 2>/dev/null || true
    child=
  fi
}

clean_up() {
  stop_child
  if [[ -n $work ]]; then
    rm -rf -- "$work"
    work=
  fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A folder whose real path holds letters, digits and ./_- only: ATC accepts no other.
make_work() {
  local place
  for place in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
    if place=$(cd -- "$place" 2>/dev/null && pwd -P) && [[ -w $place && $place =~ ^[A-Za-z0-9./_-]+$ ]]; then
      work=$(mktemp -d "$place/atc-XXXXXX")
      return
    fi
  done
  say "ATC accepts no path but of letters, digits and ./_-; no temporary folder is one"
  exit 5
}

# need_place OM…: ends here unless the folder of each can be made and written: ATC takes hours to come to an OM.
# Only a file shows it: a test of permissions passes for root wherever it cannot write.
need_place() {
  local om folder file
  for om in "$@"; do
    folder=$(dirname -- "$here/$om")
    if ! { mkdir -p -- "$folder" && file=$(mktemp "$folder/.ascendc-XXXXXX") && rm -f -- "$file"; } 2>/dev/null; then
      say "cannot write into $folder, the place of $om: copy the bundle to where you may write"
      exit 5
    fi
  done
}

place() { ln -- "$1" "$work/" 2>/dev/null || cp -- "$1" "$work/"; }

# Shows what the log gained since byte $seen, but for the two facts that end a search: those are said in words.
show() {
  local size
  size=$(wc -c <"$work/atc.log")
  if ((size > seen)); then
    tail -c "+$((seen + 1))" "$work/atc.log" | sed -E '/^ascendc: (lacks|hint)=/d'
    seen=$size
    heard=$SECONDS
  fi
}

# Runs $work/atc.sh in a process group of its own; sets status and timed_out.
supervise() {
  local limit=$1 seen=0 heard spoke said start=$SECONDS pid
  heard=$start spoke=$start timed_out=0 status=0
  : >"$work/atc.log"
  (cd "$work" && exec setsid bash --noprofile --norc atc.sh) </dev/null >>"$work/atc.log" 2>&1 &
  child=$!
  pid=$child
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    show
    ((heard > spoke)) && spoke=$heard
    if ((SECONDS - spoke >= 30)); then
      said=$heard
      say "running for $((SECONDS - start)) s, silent for $((SECONDS - said)) s" >>"$work/atc.log"
      show
      heard=$said
      spoke=$SECONDS
    fi
    if ((SECONDS - start >= limit)); then
      timed_out=1
      break
    fi
  done 2>/dev/null # where bash would remark on a child that died by a signal
  if ((timed_out)); then
    stop_child
  fi
  wait "$pid" 2>/dev/null || status=$?
  kill -KILL -- "-$pid" 2>/dev/null || true
  child=
  show
}

# The last line that names an error, or else the last line at all.
last_words() {
  local line
  line=$(grep -E '^(\[PID: [0-9]+\] [^ ]+ )?([A-Za-z_]+\()?E[0-9A-Z][0-9]{4}' "$work/atc.log" | tail -n 1) || true
  if [[ -n $line ]]; then
    printf ': %s' "$line"
    return
  fi
  line=$(grep -v -e '^ascendc:' -e '^[[:space:]]*$' "$work/atc.log" | tail -n 1) || true
  if [[ -n $line ]]; then
    printf '; it last said: %s' "$line"
  else
    printf '; it said nothing'
  fi
}

# What ATC's own log says of names in the file of --keep_dtype that are not in its graph; nothing if all are.
passed_over() { find "$work/plog" -name '*.log' -exec grep -h KeepDtypeReportError {} + 2>/dev/null | tail -n 1 || true; }

fact() { sed -n "s/^ascendc: $1=//p" "$work/atc.log" | tail -n 1; }

# Why there is no OM, in one sentence; nothing if there is one, which then is in $om.
verdict() {
  local name=$1 limit=$2 candidate line
  om=
  failure=
  lacking=0
  if ((timed_out)); then
    failure="ran past its time limit of $limit s and was stopped$(last_words)"
  elif ((status == 0)); then
    if ! grep -q '^ATC run success' "$work/atc.log"; then
      failure="exited with status 0 without saying that it succeeded$(last_words)"
      return
    fi
    for candidate in "$work/om/$name.om" "$work/om/${name}"_*_*.om; do
      if [[ -z $om && -s $candidate ]]; then
        om=$candidate
      fi
    done
    if [[ -z $om ]]; then
      failure="said that it succeeded, yet wrote no $name.om"
    fi
  elif grep -q '^ATC run success' "$work/atc.log"; then
    failure="said that it succeeded, yet exited with status $status"
  elif ((status == 69)) && line=$(fact lacks) && [[ -n $line ]]; then
    failure=$line
    lacking=1
  elif line=$(grep -E '^(\[PID: [0-9]+\] [^ ]+ )?([A-Za-z_]+\()?(E40000|E40002|E40020|EC0010)' "$work/atc.log" | tail -n 1); then
    failure="cannot use the Python it loaded, $(fact python): $line"
  elif ((status == 137)); then
    failure="was killed by signal 9, most often for lack of memory$(last_words)"
  elif ((status > 128 && status < 193)); then
    failure="died by signal $((status - 128))$(last_words)"
  elif ((status == 126 || status == 127)); then
    failure="could not be started (exit status $status)$(last_words)"
  else
    failure="failed with exit status $status$(last_words)"
  fi
}

compiled=0
failed=0
lacked=0
reason=

# compile_one LABEL NAME SCRIPT OM SECONDS [CONFIG AS]… -- ONNX [DATA…]: every path is relative to the bundle.
compile_one() {
  local label=$1 name=$2 script=$3 target=$4 limit=${ASCENDC_TIME_LIMIT:-$5} file line log=${4%.om}.log
  shift 5
  say "compiling $label"
  make_work
  while [[ $1 != -- ]]; do
    cp -- "$here/$1" "$work/$2"
    shift 2
  done
  shift
  for file in "$@"; do
    place "$here/$file"
  done
  cp -- "$here/$script" "$work/atc.sh"
  supervise "$limit"
  verdict "$name" "$limit"
  if [[ -n $om ]]; then
    mkdir -p -- "$(dirname -- "$here/$target")"
    mv -f -- "$om" "$here/$target"
    rm -f -- "$here/$log"
    say "compiled $label: $target"
    line=$(passed_over)
    if [[ -n $line ]]; then
      say "warning: ATC passed over names of nodes that were to stay in float32; ./deploy.sh on the board shows what"
      say "that does to the answers. Its log says: $line"
    fi
    if [[ ${om##*/} != "$name.om" ]]; then
      say "note: ${om##*/} holds code for one platform only, the one in its name"
    fi
    compiled=$((compiled + 1))
  elif ((lacking)); then
    if [[ $failure == "$reason" ]]; then
      say "$label cannot be compiled here either, for the same reason"
    else
      say "$label cannot be compiled here: $failure"
      say "what to do: $(fact hint)"
    fi
    reason=$failure
    lacked=$((lacked + 1))
  else
    find "$work/plog" -name '*.log' -exec tail -c 65536 {} + >>"$work/atc.log" 2>/dev/null || true
    mkdir -p -- "$(dirname -- "$here/$log")"
    cp -- "$work/atc.log" "$here/$log"
    say "ATC for $label $failure; its log: $log"
    failed=$((failed + 1))
  fi
  rm -rf -- "$work"
  work=
}

wanted=${1-}
case $wanted in
  '' | edge | old.board) ;;
  *)
    say "there is no target $wanted; allowed: "'edge, old.board'
    exit 2
    ;;
esac
if [[ ! ${ASCENDC_TIME_LIMIT:-1} =~ ^[1-9][0-9]*$ ]]; then
  say "ASCENDC_TIME_LIMIT must be a number of seconds above 0, not $ASCENDC_TIME_LIMIT"
  exit 2
fi
if [[ -z $wanted || $wanted == edge ]]; then
  need_place models/edge/image.om models/edge/text.om
fi
if [[ -z $wanted || $wanted == old.board ]]; then
  need_place models/old.board/image.om
fi

if [[ -z $wanted || $wanted == edge ]]; then
  compile_one 'image @ edge' image configs/edge/image.atc.sh \
    models/edge/image.om 7200 configs/edge/image.aipp.cfg aipp.cfg \
    -- models/image-1.onnx
  compile_one 'text @ edge' text configs/edge/text.atc.sh \
    models/edge/text.om 7200 \
    -- models/text.onnx models/text.onnx.data
fi

if [[ -z $wanted || $wanted == old.board ]]; then
  compile_one 'image @ old.board' image configs/old.board/image.atc.sh \
    models/old.board/image.om 601 \
    -- models/image-2.onnx
fi

say "$compiled compiled, $failed failed, $lacked not possible here"
if ((failed)); then
  exit 3
elif ((lacked)); then
  exit 5
fi
