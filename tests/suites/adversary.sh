#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The adversary (tests/adversary) under each shipped policy, as root and as a user, in a scope, without a unit and as a
# service: nothing gets through but what the policy allows. docs/adversary.md has the table. Needs a systemd. Under some
# of the policies, it is also in a pool or a line of a batch, traced (isorun --why, --record), or its denials are
# recorded (LogDenials=yes).
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP it would attack this machine"
	exit 0
fi
adversary=$build/tests/adversary/adversary
verdict=$top/tests/adversary/verdict.py
place=$tmp/place # for the files of the process outside
mkdir -m 1777 "$place"
mkdir "$tmp/results"
mkdir -m 1777 "$tmp/records"

# Secrets that everybody may read on the host, so that only the sandbox keeps them, and what the policies show.
secrets=(/root/adversary/file /home/adversary/file /etc/ssh/ssh_host_adversary_key /etc/ssl/private/adversary)
[ -e /etc/sudoers ] || secrets+=(/etc/sudoers)
plant() {
	local directory
	for directory in /root /opt "$place/programs"; do # /tmp may be nosuid
		mkdir -p "$directory"
		mount -t tmpfs -o mode=755 tmpfs "$directory"
	done
	mkdir -p /root/adversary /home/adversary /etc/ssh /etc/ssl/private
	chmod 755 /etc/ssl/private
	echo secret | tee "${secrets[@]}" >/dev/null
	chmod 644 "${secrets[@]}"
	mkdir -m 1777 /opt/adversary
	echo shown >/opt/adversary/file
	cp "$adversary" "$place/programs/setuid"
	chown 2 "$place/programs/setuid" # none of the users that the suite runs as
	chmod 4755 "$place/programs/setuid"
}

# What is reached by the network: servers of the host, one in another sandbox, and the host's name server.
begin_services() {
	local services=$top/tests/adversary/services.py
	ip link set lo up
	ip address add 169.254.169.254/32 dev lo
	echo "nameserver 127.0.0.53" >"$tmp/resolv.conf"
	chmod 644 "$tmp/resolv.conf"
	[ -e /etc/resolv.conf ] || { rm -f /etc/resolv.conf && touch /etc/resolv.conf; }
	mount --bind "$tmp/resolv.conf" "$(realpath /etc/resolv.conf)"
	"$services" {127.0.0.1,::1,169.254.169.254}:9798 127.0.0.53:53 >"$tmp/services" &
	services_of=($!)
	"$isorun" --no-scope --quiet -p ListenOn=9799 -v "$services:/services.py:ro" python3 /services.py 127.0.0.1:9799 >"$tmp/other" &
	services_of+=($!)
	eventually grep -q ready "$tmp/services"
	eventually grep -q ready "$tmp/other"
}

# For the next suite in the same host.
take_away() {
	kill "${services_of[@]}"
	wait "${services_of[@]}"
	umount "$(realpath /etc/resolv.conf)"
	ip address del 169.254.169.254/32 dev lo
	rm "${secrets[@]}"
	rmdir /home/adversary
	umount -l /root /opt "$place/programs"
}

# The same attempts outside of any sandbox.
control() {
	run "$adversary" outside "$place" "$adversary" control @ pass-phrase
	cp "$tmp/out" "$tmp/control"
	out=
	no_refusal is "a server in another sandbox is reached outside of one" "$(grep entrance "$tmp/control")" "server-entrance	through"
	no_isorun is "what needs nothing gets through outside of a sandbox" "$status $("$verdict" idle "$adversary" "$tmp/control")" "0 "
}

# One run, whose results go to $tmp/results/POLICY-WHO-HOW.
attack() { # policy, how, command that runs isorun...
	local name=$1-$label-$2 options=(-p "Optional=MemoryMax TasksMax CPUQuota CPUWeight")
	[ "$1" != nest ] || options+=("${nest_as[@]}")
	"${who[@]}" "$adversary" outside "$place" "${@:3}" --quiet --policy "$top/policies/$1.conf" "${options[@]}" \
		-p SetCredential=adversary:pass-phrase -v "$place/programs:$place/programs:ro" "$adversary" inside @ \
		>"$tmp/results/$name" 2>"$tmp/$name.err" </dev/null
	echo $? >"$tmp/$name.status"
}

all() {
	local policy bus=() log
	verified_start
	[ "$label" = root ] || bus=(--user)
	for policy in ${policies:-default web client compile filter nest agent convert browser}; do
		log=()
		if [ -n "${scope_only-}" ]; then
			[ "$label-$policy" != root-nest ] || continue # it has no more rights than the user
			attack "$policy" scope "$isorun"
			continue
		fi
		attack "$policy" scope "$isorun" &
		attack "$policy" no-scope "$isorun" --no-scope
		[[ " web client " != *" $policy "* ]] || attack "$policy" flows "$isorun" --no-scope -p ListenOn=9802 \
			-p "ConnectTo=*.rebind.test:9798 peer.test:9801=127.0.0.1:9798"
		if [[ " default compile " = *" $policy "* ]]; then
			attack "$policy" pool "$isorun" --pool adversary
			attack "$policy" batch "$top/tests/adversary/batched.py" "$isorun" --no-scope
		fi
		[[ " default compile agent " != *" $policy "* ]] || attack "$policy" why "$isorun" --no-scope --why
		[ "$policy" != default ] || attack "$policy" record "$isorun" --no-scope --record "$tmp/records/$label.conf"
		[[ " web compile agent " != *" $policy "* ]] || log=(-p LogDenials=yes)
		attack "$policy" service systemd-run "${bus[@]}" --wait --pipe --quiet -- "$isorun" "${log[@]}"
		wait $!
	done
}

judge() { # name, counts, what got through unwanted, what did not though it may
	local policy how missed=-
	status=$(cat "$tmp/$1.status") err=$(cat "$tmp/$1.err") out=
	IFS=- read -r policy label how <<<"$1"
	echo "# $label, $policy, $how: $2"
	# promise P1, P17, P48, P53, P55, P56
	is "$label: $policy, $how: only what the policy allows gets through" "$status $3" "0 -"
	[ "$policy-$how" != agent-why ] || missed="ptrace-own (EPERM)" # nothing else may trace then
	no_refusal is "$label: $policy, $how: all that it allows does" "$status $4" "0 $missed"
	judged=$((judged + 1))
}

plant
begin_services
control
as_everybody all
take_away
judged=0
while IFS=$'\t' read -r name counts unwanted missed; do
	judge "$name" "$counts" "$unwanted" "$missed"
done < <("$verdict" judge "$tmp/control" "$tmp"/results/*)
if [ -z "${scope_only-}" ]; then
	no_refusal is "each gap is still one" "$("$verdict" closed "$tmp/control" "$tmp"/results/*)" ""
fi
no_isorun is "each run is judged" "$judged" "$(find "$tmp/results" -type f | wc -l)"
