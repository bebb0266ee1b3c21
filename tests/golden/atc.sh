#!/usr/bin/env bash
# Compiles image @ edge with ATC. Run in a folder of its own, with a path of letters, digits and ./_- only, that holds
# image.onnx and aipp.cfg; the OM comes to om/image.om.
set -euo pipefail
# -- the environment ATC runs in: CANN's own settings, and nothing of a virtualenv, of conda or of PYTHONPATH --------
# Settings: ASCENDC_SET_ENV, the set_env.sh to source; ASCENDC_PYTHON, the Python ATC should load.
lacks() {
  printf 'ascendc: lacks=%s\n' "$1"
  printf 'ascendc: hint=%s\n' "$2"
  exit 69
}

if [[ ${ASCENDC_CLEAN-} != 1 ]]; then
  path=
  IFS=: read -r -a entries <<<"$PATH"
  for entry in "${entries[@]}"; do
    if [[ $entry == /* && ! -e $entry/../pyvenv.cfg && ! -d $entry/../conda-meta ]]; then
      path+=$entry:
    fi
  done
  kept=(ASCENDC_CLEAN=1 "PATH=$path/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
  for name in HOME USER LOGNAME LANG LC_ALL TZ TMPDIR ASCENDC_SET_ENV ASCENDC_PYTHON ASCEND_HOME_PATH ASCEND_DRIVER_PATH TE_PARALLEL_COMPILER ASCEND_MAX_OP_CACHE_SIZE ASCEND_REMAIN_CACHE_SIZE_RATIO ASCEND_GLOBAL_LOG_LEVEL DUMP_GE_GRAPH DUMP_GRAPH_LEVEL DUMP_GRAPH_PATH ASCEND_CUSTOM_OPP_PATH MAX_COMPILE_CORE_NUMBER MULTI_THREAD_COMPILE OP_NO_REUSE_MEM TUNE_BANK_PATH; do
    if [[ -n ${!name-} ]]; then
      kept+=("$name=${!name}")
    fi
  done
  exec env -i "${kept[@]}" bash --noprofile --norc "$0" "$@"
fi

set_envs=()
if [[ -n ${ASCENDC_SET_ENV-} ]]; then
  set_envs=("$ASCENDC_SET_ENV")
else
  if [[ -n ${ASCEND_HOME_PATH-} ]]; then
    set_envs+=("$ASCEND_HOME_PATH/set_env.sh" "$ASCEND_HOME_PATH/../set_env.sh")
  fi
  if folder=$(command -v atc); then
    folder=$(readlink -f -- "$folder")
    while [[ $folder == /*/* ]]; do
      folder=${folder%/*}
      set_envs+=("$folder/set_env.sh")
    done
  fi
  for folder in "${HOME-}/Ascend" /usr/local/Ascend; do
    for name in ascend-toolkit cann latest 'cann-*'; do
      # shellcheck disable=SC2206 # the names are patterns
      set_envs+=("$folder"/$name/set_env.sh)
    done
  done
fi
unset ASCEND_HOME_PATH

set_env=
for candidate in "${set_envs[@]}"; do
  if [[ -r $candidate ]]; then
    set_env=$candidate
    break
  fi
done
if [[ -z $set_env ]]; then
  if [[ -n ${ASCENDC_SET_ENV-} ]]; then
    lacks "there is no $ASCENDC_SET_ENV (ASCENDC_SET_ENV)" "unset ASCENDC_SET_ENV"
  fi
  lacks "no CANN toolkit was found: no set_env.sh under ASCEND_HOME_PATH, above an atc on PATH, in ${HOME-}/Ascend or in /usr/local/Ascend" \
    "export ASCENDC_SET_ENV=/path/to/set_env.sh"
fi
printf 'ascendc: set_env=%s\n' "$set_env"

# CANN's script reads unset variables and may end with a false test.
set +eu
# shellcheck source=/dev/null
source "$set_env" >/dev/null
set -eu
home=${ASCEND_HOME_PATH:-${ASCEND_TOOLKIT_HOME:-$(dirname -- "$set_env")}}
printf 'ascendc: home=%s\n' "$home"

cann=
for file in "$home"/*-linux/ascend_toolkit_install.info "$home"/compiler/version.info; do
  if [[ -z $cann && -r $file ]]; then
    cann=$(sed -n -E '/^(version|version_dir)=/{s/^[^=]*=//p;q;}' "$file")
  fi
done
if [[ -z $cann && $(basename -- "$(readlink -f -- "$home")") =~ [0-9]+\.[0-9]+[0-9A-Za-z.]* ]]; then
  cann=${BASH_REMATCH[0]}
fi
printf 'ascendc: cann=%s\n' "$cann"
# A board runs an OM only if its CANN is at least as new as the one that compiled it.
if [[ $cann =~ ^([0-9]+)\.([0-9]+) ]]; then
  if ((10#${BASH_REMATCH[1]} * 1000 + 10#${BASH_REMATCH[2]} > 8 * 1000 + 1)); then
    lacks "CANN $cann ($home) is newer than the board's 8.1, which could not load its OM" \
      "export ASCENDC_SET_ENV=/path/to/an/older/set_env.sh"
  fi
fi

# Without the driver, ATC needs the stand-ins for its libraries that the toolkit brings.
driver=${ASCEND_DRIVER_PATH:-/usr/local/Ascend/driver}
if [[ -d $driver/lib64 ]]; then
  libraries=("$driver/lib64" "$driver/lib64/common" "$driver/lib64/driver")
elif [[ -e /dev/davinci_manager ]]; then
  libraries=()
else
  libraries=("$home/$(uname -m)-linux/devlib" "$home/$(uname -m)-linux/devlib/linux/$(uname -m)" "$home/devlib")
fi
for folder in "${libraries[@]+"${libraries[@]}"}"; do
  if [[ -d $folder ]]; then
    LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
  fi
done

atc=$(command -v atc) || lacks "$set_env puts no atc on PATH" "install the CANN toolkit: the runtime alone (nnrt) has no atc"
printf 'ascendc: atc=%s\n' "$atc"

# ATC loads the Python behind the first python3 on PATH into its own process.
if [[ -z ${ASCENDC_PYTHON-} && -x '/opt/my python/bin/python3' ]]; then
  ASCENDC_PYTHON='/opt/my python/bin/python3'
fi
if [[ -n ${ASCENDC_PYTHON-} ]]; then
  if [[ ! -f $ASCENDC_PYTHON || ! -x $ASCENDC_PYTHON ]]; then
    lacks "the Python that ATC should load, $ASCENDC_PYTHON, is no program" "export ASCENDC_PYTHON=/path/to/python3"
  fi
  mkdir -p .python
  printf '#!/usr/bin/env bash\nexec %q "$@"\n' "$ASCENDC_PYTHON" >.python/python3
  chmod +x .python/python3
  PATH=$PWD/.python:$PATH
fi
python=$(command -v python3) || lacks "there is no python3 for ATC to load" "export ASCENDC_PYTHON=/path/to/python3"
python=${ASCENDC_PYTHON:-$python}
facts=$(
  python3 - <<'PYTHON'
import sys
print("%d.%d.%d" % sys.version_info[:3])
if sys.version_info >= (3, 7):
    import importlib.util, sysconfig
    print(" ".join(n for n in "numpy decorator sympy".split() if importlib.util.find_spec(n) is None))
    print(sysconfig.get_config_var("LIBDIR") or "")
PYTHON
) || lacks "ATC would load $python, which does not start" "export ASCENDC_PYTHON=/path/to/python3"
{ read -r version; read -r missing; read -r folder; } <<<"$facts" || true
printf 'ascendc: python=%s %s\n' "$python" "$version"
if [[ ! $version =~ ^3\.([0-9]+)\. ]] || ((BASH_REMATCH[1] < 7)); then
  lacks "ATC would load $python, Python $version; it needs 3.7 or newer" "export ASCENDC_PYTHON=/path/to/python3"
fi
if [[ -n $missing ]]; then
  lacks "ATC would load $python, Python $version, which lacks: $missing" "$(printf '%q' "$python") -m pip install $missing"
fi
if compgen -G "$folder/libpython3*.so*" >/dev/null; then
  LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
fi
export PATH LD_LIBRARY_PATH

export ASCEND_PROCESS_LOG_PATH=$PWD/plog
mkdir -p "$ASCEND_PROCESS_LOG_PATH" om
exec atc \
  --framework=5 \
  --model=image.onnx \
  --output=om/image \
  --soc_version=Ascend310P3 \
  --input_format=NCHW \
  --input_shape=pixel_values:-1,3,224,224 \
  --dynamic_batch_size=1,2,4,8 \
  --insert_op_conf=aipp.cfg \
  --precision_mode=allow_mix_precision \
  --enable_small_channel=1 \
  --op_select_implmode=high_performance \
  --optypelist_for_implmode=Gelu \
  --op_compiler_cache_mode=enable \
  --log=error \
  '--out_nodes=add:0;it'"'"'s y:1'
