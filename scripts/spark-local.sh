#!/usr/bin/env bash
# Starts a standalone cluster of Spark from its package on PyPI, a master and two workers on the loopback interface, runs the tests of back-tests
# on it, and stops it. The workers' Python has what PySpark asks for, PyArrow and pandas, and nothing else: they get the wheel from an archive. Needs Java 17 or later and
# what `scripts/python.sh` has built.
#
#     scripts/spark-local.sh                       runs the tests
#     scripts/spark-local.sh COMMAND [ARGUMENT...]  runs a command, such as spark-submit's `job.py` or python/tests/measure_spark.py
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/target/python
spark=$PWD/target/spark
python=${PYTHON:-python3}
WHEEL=$(ls "$work"/wheels/quintet-*.whl) || { echo "run scripts/python.sh first: it builds the wheel" >&2; exit 1; }
QUINTET=$PWD/target/release/quintet
LOGS=$spark/logs
export WHEEL QUINTET LOGS PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1
command -v java >/dev/null || { echo "skipped: java is not here: apt-get install openjdk-17-jre-headless"; exit 0; }

mkdir -p "$spark"
[ -x "$spark/driver/bin/spark-submit" ] || { "$python" -m venv "$spark/driver" && "$spark/driver/bin/pip" install 'pyspark>=4,<5' pyarrow 'pandas>=2.2,<3'; }
[ -x "$spark/worker/bin/python" ] || { "$python" -m venv "$spark/worker" && "$spark/worker/bin/pip" install pyarrow 'pandas>=2.2,<3'; }
"$spark/driver/bin/pip" install --force-reinstall --no-deps "$WHEEL"
[ -d "$LOGS" ] || "$spark/driver/bin/python" python/tests/lay_out_logs.py "$LOGS"

SPARK_HOME=$("$spark/driver/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_NO_DAEMONIZE=1
export PYSPARK_PYTHON=$spark/worker/bin/python PYSPARK_DRIVER_PYTHON=$spark/driver/bin/python
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
master=spark://127.0.0.1:$port

groups=()
stop() {
    for group in "${groups[@]}"; do kill -- "-$group" 2>/dev/null || true; done
    sleep 1
    for group in "${groups[@]}"; do kill -9 -- "-$group" 2>/dev/null || true; done
}
trap stop EXIT
launch() { # NAME CLASS ARGUMENT...: in a process group of its own
    setsid "$SPARK_HOME/bin/spark-class" "${@:2}" >"$spark/$1.log" 2>&1 &
    groups+=($!)
    disown
}
heard() { # NAME WORDS: waits until a log says so
    for _ in $(seq 300); do grep -q "$2" "$spark/$1.log" && return 0; sleep 0.1; done
    tail "$spark/$1.log" >&2
    return 1
}

export SPARK_DAEMON_MEMORY=256m
launch master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
heard master "I have been elected leader"
for worker in worker-1 worker-2; do
    launch $worker org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 1g --webui-port 0 --work-dir "$spark/$worker" "$master"
done
for worker in worker-1 worker-2; do heard $worker "Successfully registered with master"; done
echo "== a master and two workers run at $master"
export WORKERS="${groups[*]:1}"

[ $# -gt 0 ] || set -- python/tests/test_spark.py -v
"$SPARK_HOME/bin/spark-submit" --master "$master" --driver-memory 512m --executor-memory 512m --conf spark.ui.enabled=false \
    --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 --conf spark.log.level=ERROR \
    --conf spark.sql.shuffle.partitions=4 "$@"
