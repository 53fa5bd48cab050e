#!/bin/bash
# Make the sample traffic: bench-suite/workloads/data/traffic.pcapng and requests.jsonl.
#
# Real servers (nginx, a small Python application, openssl s_server, dnsmasq,
# sipp) and real clients (curl, wget, Python's requests, headless Chromium, dig,
# openssl s_client, ab, h2load, sipp, ping, and a sender of attack requests)
# talk to each other over the loopback interface of a network namespace of
# their own, where nothing else can be reached. tcpdump captures it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
parts=$here/sample-traffic
out=$(dirname "$here")/bench-suite/workloads/data
seed=20240501
limit=2000000
self=$here/$(basename "$0")

usage() {
    cat <<'END'
usage: make-sample-traffic.sh [--out FOLDER] [--seed N] [--install]
       make-sample-traffic.sh --counts [--all]
       make-sample-traffic.sh --check

  (nothing)     make traffic.pcapng and requests.jsonl (about half a minute)
  --out FOLDER  where to write; bench-suite/workloads/data unless told
  --seed N      another plan: other sessions, in another order
  --install     first install the missing programs with apt-get (Debian)
  --counts      print what the files hold; --all adds user agents, headers, paths
  --check       see that requests.jsonl is what the capture holds

Needs Linux and root, for the network namespace and the capture. --counts and
--check need Python only.
END
}

# Program and the Debian package that has it.
needed="tcpdump:tcpdump editcap:wireshark-common nginx:nginx-light dnsmasq:dnsmasq-base dig:bind9-dnsutils
openssl:openssl sipp:sip-tester curl:curl wget:wget ab:apache2-utils h2load:nghttp2-client chromium:chromium
ping:iputils-ping ip:iproute2 unshare:util-linux python3:python3"

# The system's own programs and Python, whatever else the caller's PATH has first.
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH PYTHONDONTWRITEBYTECODE=1

missing_packages() {
    local pair
    for pair in $needed; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
    if command -v python3 >/dev/null && ! python3 -c 'import requests' 2>/dev/null; then
        echo python3-requests
    fi
}

# --- inside the namespace ---------------------------------------------------
# Runs as the first process of its own process namespace: when it ends, so does
# all that it started.
inside() {
    local work=$1
    hostname sample
    ip link set lo up
    mount -t proc proc /proc

    # Only our name server, and no names of this machine.
    echo "nameserver 127.0.53.1" >"$work/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$work/hosts"
    echo "hosts: files dns" >"$work/nsswitch.conf"
    local name
    for name in resolv.conf hosts nsswitch.conf; do
        [ ! -e "/etc/$name" ] || mount --bind "$work/$name" "/etc/$name"
    done

    # A certificate authority and one certificate for all the names, made anew.
    local names="DNS:*.example.com,DNS:example.com,DNS:*.example.org,DNS:*.example.net,DNS:*.example.test,IP:127.0.80.1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=Sample CA" \
        -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=example.com" \
        -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
    openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 20 \
        -extfile <(echo "subjectAltName=$names") -out "$work/server.pem" 2>/dev/null

    echo "starting the servers"
    python3 "$parts/site.py" "$work/site"
    local n tls="        listen [::1]:443 ssl http2;\\n"
    for n in 1 2 3 4 5 6 7; do tls+="        listen 127.0.80.$n:443 ssl http2;\\n"; done
    sed -e "s|@TLS_LISTEN@|$tls|" -e "s|@WORK@|$work|g" "$parts/nginx.conf.in" >"$work/nginx.conf"
    python3 "$parts/app.py" "$work/app.sock" 8080 2>"$work/app.log" &
    nginx -e "$work/nginx.log" -c "$work/nginx.conf" &
    dnsmasq --user=root --group=root -C "$parts/dnsmasq.conf" --pid-file="$work/dnsmasq.pid" 2>"$work/dnsmasq.log" &
    # The older versions are on here, so that clients can be seen to use them.
    openssl s_server -accept 127.0.43.2:443 -cert "$work/server.pem" -key "$work/server.key" -www -quiet \
        -alpn mqtt,h2,http/1.1 -min_protocol TLSv1 -cipher 'ALL:@SECLEVEL=0' </dev/null >/dev/null 2>&1 &
    (cd "$work" && TERM=dumb sipp -sf "$parts/sip-server.xml" -i 127.0.60.1 -p 5060 -nostdin >/dev/null 2>"$work/sipp.log") &

    local port
    for port in 127.0.80.1/80 127.0.80.1/443 127.0.80.1/8080 127.0.43.2/443 127.0.53.1/53; do
        for n in $(seq 50); do
            (: </dev/tcp/${port}) 2>/dev/null && break
            [ "$n" -lt 50 ] || { echo "no server on $port" >&2; cat "$work"/*.log >&2; exit 1; }
            sleep 0.1
        done
    done

    tcpdump -i lo -s 65535 -B 16384 -Z root -w "$work/traffic.pcap" 2>"$work/tcpdump.log" &
    local capture=$!
    for n in $(seq 50); do
        grep -q 'listening on' "$work/tcpdump.log" && break
        sleep 0.1
    done

    echo "driving the clients"
    TERM=dumb python3 "$parts/drive.py" "$work" "$seed"
    sleep 1
    kill -INT "$capture"
    wait "$capture" || true
    if ! grep -q '^0 packets dropped by kernel' "$work/tcpdump.log"; then
        echo "the capture lost packets:" >&2
        cat "$work/tcpdump.log" >&2
        exit 1
    fi
}

# --- outside ----------------------------------------------------------------
mode=make install=no all=
if [ "${1:-}" = --inside ]; then
    seed=$3
    inside "$2"
    exit
fi
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --out) out=${2:?--out needs a folder}; shift ;;
        --seed) seed=${2:?--seed needs a number}; shift ;;
        --install) install=yes ;;
        --counts) mode=counts ;;
        --all) all=all ;;
        --check) mode=check ;;
        *) echo "unknown option: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

if [ $mode = counts ]; then
    exec python3 "$parts/counts.py" "$out/traffic.pcapng" "$out/requests.jsonl" $all
fi
if [ $mode = check ]; then
    python3 "$parts/extract.py" "$out/traffic.pcapng" | cmp - "$out/requests.jsonl"
    echo "requests.jsonl is what the capture holds"
    exit
fi

missing=$(missing_packages)
if [ -n "$missing" ] && [ $install = yes ]; then
    # shellcheck disable=SC2086
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
    missing=$(missing_packages)
fi
if [ -n "$missing" ]; then
    echo "Missing; on Debian install these packages (or use --install):" >&2
    echo "  apt-get install --no-install-recommends" $missing >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "This needs root, for a network namespace and tcpdump." >&2
    exit 1
fi

work=$(mktemp -d)
child=
# Killing unshare ends its process namespace, and so every server and client.
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# A clean environment: what is in the caller's stays out of the traffic. The
# temporary folder of all the programs is inside ours.
env -i PATH="$PATH" HOME="$work" TMPDIR="$work" LANG=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1 \
    unshare --net --mount --uts --ipc --pid --fork --kill-child \
    bash "$self" --inside "$work" "$seed" &
child=$!
wait "$child"
child=

echo "writing the files"
editcap -F pcapng "$work/traffic.pcap" "$work/traffic.pcapng"
python3 "$parts/extract.py" "$work/traffic.pcapng" >"$work/requests.jsonl"
size=$(stat -c %s "$work/traffic.pcapng")
# Nothing of this machine may be in the files. A very short name is looked for in
# the requests only: in encrypted bytes it is there by chance.
name=$(hostname)
searched=("$work/requests.jsonl")
[ ${#name} -lt 6 ] || searched+=("$work/traffic.pcapng")
if grep -aqwF -e "$name" "${searched[@]}" || grep -aqF -e "$work" "$work/traffic.pcapng" "$work/requests.jsonl"; then
    echo "this machine's name or the working folder is in the capture; not kept" >&2
    exit 1
fi
if [ "$size" -gt $limit ]; then
    echo "the capture has $size bytes, more than $limit; not kept" >&2
    exit 1
fi
mkdir -p "$out"
install -m 644 "$work/traffic.pcapng" "$work/requests.jsonl" "$out/"
echo "$out/traffic.pcapng: $size bytes; $out/requests.jsonl: $(wc -l <"$out/requests.jsonl") requests"
