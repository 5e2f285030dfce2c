#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The units of samples/nightly, for real: systemd-analyze accepts them, the service is shut as tightly as it says, and its
# command line does a night's work under conditions like the service's: an unprivileged user without capabilities, an empty
# environment, no network, everything read-only but the state directory, a drop folder that cannot be written.
#   nightly_service.sh PROGRAM SAMPLES
# What a machine does not let us try is left out, loudly.
set -euo pipefail
program=$(realpath "$1") samples=$(realpath "$2")
units=$samples/nightly
unit=$units/pugmark-nightly.service
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*" >&2; }

# --- 1. The units are valid.
if command -v systemd-analyze > /dev/null; then
  mkdir "$work/units"
  cp "$units"/pugmark-nightly.{service,timer} "$work/units"
  sed -i "s#/usr/local/bin/pugmark#$program#" "$work/units/pugmark-nightly.service"  # verify looks whether it is there.
  found=$(systemd-analyze verify --man=no "$work"/units/pugmark-nightly.{service,timer} 2>&1) || fail "systemd-analyze verify: $found"
  # What it only warns of ("Unknown key") is wrong as well; but not what it says of other units of this machine.
  grep -i "pugmark" <<< "$found" && fail "systemd-analyze verify complains"
  echo 'Nonsense=yes' >> "$work/units/pugmark-nightly.service"
  systemd-analyze verify --man=no "$work/units/pugmark-nightly.service" 2>&1 | grep -q Nonsense || fail "verify sees nothing at all"
  exposure=$(systemd-analyze security --offline=true --threshold=100 "$unit" | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
  awk -v e="$exposure" 'BEGIN { exit !(e != "" && e <= 1.5) }' || fail "the service is exposed: ${exposure:-unknown} of 10"
  systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$units/pugmark-nightly.timer")" > /dev/null || fail "the timer has no date"
  echo "units valid, exposure $exposure"
else
  skip "systemd-analyze is not here (apt-get install systemd): the units were not verified."
fi
grep -Eq '^0 2 \* \* \* .*pugmark -c [^ ]+ nightly --drop [^ ]+ --digest-dir [^ ]+ ' "$units/crontab" || fail "crontab: no such line"

# --- 2. Its command works as the service runs it.
state=$work/state drop=$work/drop
mkdir "$state" "$drop"
cp "$samples"/ads/seizure.example/*.jpg "$drop"
echo "no photo" > "$drop/broken.jpg"
find "$drop" -type f -exec touch -d '1 hour ago' {} +
"$program" -c "$state/cases" init > /dev/null
command_line=$(sed -n 's/^ExecStart=//p' "$unit")
for word in "/usr/local/bin/pugmark=$program" "\${PUGMARK_DROP}=$drop" "\${PUGMARK_DIGESTS}=$state/digests" '$PUGMARK_OPTIONS=--threads 2'; do
  command_line=${command_line//"${word%%=*}"/${word#*=}}
done
if [[ $command_line == *'$'* ]]; then fail "ExecStart has variables that this test does not know: $command_line"; fi
cat > "$work/night.sh" <<END
#!/bin/bash
cd / && umask 0027
exec env -i LANG=C PATH=/usr/bin:/bin PUGMARK_COLLECTION=$state/cases $command_line
END
chmod 755 "$work" "$work/night.sh" "$drop"
chmod 644 "$drop"/*
confined=0
if [ "$(id -u)" = 0 ] && command -v setpriv unshare > /dev/null; then
  chown -R 65534:65534 "$state"
  cat > "$work/confine.sh" <<END
set -e
mount --make-rprivate /
mount --bind $state $state
mount --bind $drop $drop
mount -o remount,bind,ro / 2> /dev/null || mount -o remount,ro,bind / /
mount -o remount,bind,ro $drop
mount -t tmpfs -o mode=1777 tmpfs /var/tmp  # PrivateTmp: SQLite needs a place for temporary files.
mount -t proc -o subset=pid,hidepid=2 proc /proc
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "\$@"
END
  confine() { unshare --mount --net --pid --fork --kill-child bash "$work/confine.sh" "$@"; }
  if confine true 2> "$work/why"; then
    confined=1
    confine touch "$drop/x" 2> /dev/null && fail "the drop folder can be written: nothing is confined"
    confine touch "$work/x" 2> /dev/null && fail "/tmp can be written: nothing is confined"
  else
    chown -R "$(id -u):$(id -g)" "$state"
    skip "no mount namespaces here ($(head -1 "$work/why")): run as it is, with an empty environment only."
  fi
else
  skip "not root, or without setpriv and unshare: run as it is, with an empty environment only."
fi
# Photos are decoded under a filter of their own; @system-service does not allow to set one.
grep -Eq '^SystemCallFilter=.*\bseccomp\b' "$unit" || fail "the unit forbids seccomp"
run() { if [ $confined = 1 ]; then confine "$work/night.sh"; else "$work/night.sh"; fi; }
code=0
run > "$work/out" 2> "$work/err" || code=$?
[ $code = 3 ] || { cat "$work/out" "$work/err" >&2; fail "exit code $code, expected 3 (one input is unreadable)"; }
grep -q "NEW PHOTOS: 3" "$work/out" || { cat "$work/out" >&2; fail "the photos are not in the digest"; }
grep -q "broken.jpg (not_an_image)" "$work/out" || fail "the unreadable file is not in the digest"
for stage in ingest reindex alerts; do
  grep -Eq "^[0-9-]+T[0-9:]+Z $stage: done" "$work/err" || { cat "$work/err" >&2; fail "no log line of $stage"; }
done
[ "$(ls "$state"/digests/*/ | tr '\n' ' ')" = "digest.html digest.jsonl digest.txt " ] || fail "the digest was not written"
cmp "$work/out" "$state"/digests/*/digest.txt || fail "two different digests"
sleep 1  # Folders are named by the second.
code=0
run > "$work/out" 2> /dev/null || code=$?
[ $code = 3 ] || fail "second night: exit code $code"
grep -q "NEW PHOTOS: 0" "$work/out" || fail "the second night tells the same again"
if grep -q UNREADABLE "$work/out"; then fail "a file is told twice"; fi
if [ $confined = 1 ]; then confine "$program" -c "$state/cases" check; else "$program" -c "$state/cases" check; fi
[ $confined = 1 ] && echo "two nights as user nobody, read-only, without network and capabilities" || echo "two nights, unconfined"
