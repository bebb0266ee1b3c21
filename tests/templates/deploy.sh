#!/usr/bin/env bash
# Checks this bundle on the machine it was copied to: environment, files, golden test; or asks the model a question.
# OMs are run where CANN's pyACL and a device are, the ONNX files elsewhere; what ais_bench wrote is judged as well.
# Nothing is installed and nothing is written into the bundle.
set -euo pipefail
unset CDPATH

name=tiny
model='onnx tiny.onnx'
parts=(
  main
)
deferred=(
  models/card/main.om
)

# one line per OM: its path, its part and target, ais_bench's arguments (none: the golden inputs do not fit)
oms=(
  models/card/main.om main card \
    '--model models/card/main.om --input golden/main/x --output /tmp --output_dirname golden-main-card --outfmt NPY'
)

self=${BASH_SOURCE[0]}
while [[ -L $self ]]; do
  link=$(readlink -- "$self")
  if [[ $link != /* ]]; then link=$(dirname -- "$self")/$link; fi
  self=$link
done
here=$(cd -- "$(dirname -- "$self")" && pwd -P)
language=${LC_ALL:-${LC_MESSAGES:-${LANG:-en}}}
python=
wanted=
device=
simulated=
choices=()

# say ENGLISH CHINESE
say() {
  if [[ $language == zh* ]]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

# fail CODE ENGLISH CHINESE
fail() {
  say "error: $2" "错误:$3" >&2
  exit "$1"
}

usage() {
  say "Usage: ./deploy.sh [OPTIONS]              check this machine, the files, and run the golden test
       ./deploy.sh [OPTIONS] run --image FILE... --texts TEXT...    ask the model
       ./deploy.sh [OPTIONS] check | selftest | compare | run --help

The golden test and the questions run the OM where pyACL (source CANN's set_env.sh) and its device are, else the
ONNX. compare judges what ais_bench wrote for an OM.

Options:
  --python PATH        the Python to use (3.7 or newer, with numpy and onnxruntime)
  --target NAME        use the artefacts of this target; not for check
  --device DEVICE      auto, npu, cuda or cpu; not for check and compare
  --allow-simulated    offer a device OMs that no real ATC made; not for check and compare
  --lang en|zh         language of these messages
  -h, --help           this text

Exit codes: 0 all is well, 2 wrong usage or input, 3 an engine or the model's own code failed,
4 a file or an output was refused, 5 this machine lacks what is needed." \
    "用法:./deploy.sh [选项]              检查本机环境与文件,并运行黄金测试
     ./deploy.sh [选项] run --image 文件... --texts 文本...    向模型提问
     ./deploy.sh [选项] check | selftest | compare | run --help

黄金测试和提问在有 pyACL(先 source CANN 的 set_env.sh)和对应设备时运行 OM,否则运行 ONNX。compare 判定 ais_bench 运行 OM 的输出。

选项:
  --python 路径        使用的 Python(3.7 或更新,需有 numpy 和 onnxruntime)
  --target 名称        使用该目标的产物;不适用于 check
  --device 设备        auto、npu、cuda 或 cpu;不适用于 check 和 compare
  --allow-simulated    允许把并非真实 ATC 生成的 OM 交给设备;不适用于 check 和 compare
  --lang en|zh         提示语言
  -h, --help           显示本说明

退出码:0 正常,2 用法或输入有误,3 引擎或模型自带代码运行失败,4 文件或输出未通过检查,5 本机缺少所需条件。"
}

# value_of OPTION COUNT: fails unless a value follows
value_of() {
  (($2 > 1)) || fail 2 "$1 needs a value; see ./deploy.sh --help" "$1 需要一个值;请看 ./deploy.sh --help"
}

# refuse VERB OPTION VALUE: fails if the option was given to a verb that has no use for it
refuse() {
  [[ -z $3 ]] || fail 2 "$1 takes no $2; see ./deploy.sh --help" "$1 不接受 $2;请看 ./deploy.sh --help"
}

usable() {
  command -v -- "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 7))' >/dev/null 2>&1
}

find_python() {
  local candidate
  if [[ -n $python ]]; then
    usable "$python" || fail 5 "$python is no Python of version 3.7 or newer" "$python 不是 3.7 或更新的 Python"
    return
  fi
  for candidate in python3 python3.{13,12,11,10,9,8,7} python; do
    if usable "$candidate"; then
      python=$candidate
      return
    fi
  done
  fail 5 "no Python 3.7 or newer was found; name one with --python" "没有找到 3.7 或更新的 Python;请用 --python 指定"
}

bundle() {
  PYTHONDONTWRITEBYTECODE=1 ASCENDC_STARTED_AS=./deploy.sh "$python" "$here/python" "$@"
}

# report CODE: what a failed step means, and what to do
report() {
  case $1 in
  4) fail 4 "a file or an output was refused: copy or build the bundle again" "文件或输出未通过检查:请重新拷贝或重新构建" ;;
  5) fail 5 "this machine lacks what is named above" "本机缺少上面所列的条件" ;;
  *) fail "$1" "the step failed with exit code $1" "该步骤失败,退出码 $1" ;;
  esac
}

deploy() {
  local part answer line engines=()
  ran=()
  say "[1/4] environment, for $name ($model)" "[1/4] 环境检查:$name($model)"
  bundle check --only environment || report $?
  say "[2/4] files" "[2/4] 文件校验"
  bundle check --only files || report $?
  say "[3/4] golden test" "[3/4] 黄金测试"
  for part in "${parts[@]}"; do
    answer=$(bundle selftest "${choices[@]+"${choices[@]}"}" "$part") || {
      local code=$?
      if [[ -n $answer ]]; then printf '%s\n' "$answer"; fi
      report "$code"
    }
    printf '%s\n' "$answer"
    line=${answer##*$'\n'}
    line=${line#"$part: "}
    if [[ $line == pyACL* ]]; then ran+=("$part"); fi
    engines+=("$part: ${line%%: error *}")
  done
  say "[4/4] what ran, and what comes next" "[4/4] 运行结果与后续步骤"
  printf '  %s\n' "${engines[@]}"
  next
}

next() {
  local om missing=()
  for om in "${deferred[@]+"${deferred[@]}"}"; do
    if [[ ! -e $here/$om ]]; then missing+=("$om"); fi
  done
  if [[ -n ${missing[*]+some} ]]; then
    say "These are not compiled yet; run ./compile.sh on a machine with CANN, then ./deploy.sh again:" \
      "以下 OM 尚未编译;请在装有 CANN 的机器上运行 ./compile.sh,再运行 ./deploy.sh:"
    printf '  %s\n' "${missing[@]}"
  fi
  say "Ask the model: ./deploy.sh run --help" "向模型提问:./deploy.sh run --help"
  untested
}

# ran PART: whether its OM was run
was_run() {
  local part
  for part in "${ran[@]+"${ran[@]}"}"; do
    if [[ $part == "$1" ]]; then return 0; fi
  done
  return 1
}

# What is there and was not tested: the last words, so that nobody takes the ONNX's answers for the OM's.
untested() {
  local i om part target there=()
  for i in "${!oms[@]}"; do
    if ((i % 4 == 0)) && [[ -e $here/${oms[i]} && ( -z $wanted || ${oms[i + 2]} == "$wanted" ) ]]; then
      was_run "${oms[i + 1]}" || there+=("$i")
    fi
  done
  if [[ -z ${there[*]+some} ]]; then
    return
  fi
  say "To test the OM on the board: ais_bench runs the golden inputs, compare judges what came out." \
    "在开发板上测试 OM:ais_bench 运行黄金输入,compare 判定输出。"
  printf '  cd %q\n' "$here"
  for i in "${there[@]}"; do
    om=${oms[i]} part=${oms[i + 1]} target=${oms[i + 2]}
    if [[ -n ${oms[i + 3]} ]]; then
      printf '  python3 -m ais_bench %s\n' "${oms[i + 3]}"
      printf '  ./deploy.sh compare %q /tmp/%q --target %q\n' "$part" "golden-$part-$target" "$target"
    else
      say "  $om: the golden inputs do not fit it; test it with inputs of your own" "  $om:黄金输入不适用;请用自己的输入测试"
    fi
  done
  say "OM NOT tested here: what passed above is the ONNX." "OM 未在此测试:上面通过的是 ONNX。"
}

while (($#)); do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --lang | --python | --target | --device)
    value_of "$1" "$#"
    case $1 in
    --lang) language=$2 ;;
    --python) python=$2 ;;
    --target) wanted=$2 choices+=("$1" "$2") ;;
    *) device=$2 choices+=("$1" "$2") ;;
    esac
    shift 2
    ;;
  --lang=* | --python=* | --target=* | --device=*)
    set -- "${1%%=*}" "${1#*=}" "${@:2}"
    ;;
  --allow-simulated)
    simulated=$1 choices+=("$1")
    shift
    ;;
  check | selftest | compare | run)
    verb=$1
    shift
    case $verb in
    check | compare)
      [[ $verb == compare ]] || refuse "$verb" --target "$wanted"
      refuse "$verb" --device "$device"
      refuse "$verb" --allow-simulated "$simulated"
      ;;
    esac
    find_python
    bundle "$verb" "${choices[@]+"${choices[@]}"}" "$@"
    exit
    ;;
  *)
    fail 2 "unknown argument: $1; see ./deploy.sh --help" "未知参数:$1;请看 ./deploy.sh --help"
    ;;
  esac
done

find_python
deploy
