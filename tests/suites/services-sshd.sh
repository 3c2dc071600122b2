#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sshd behind a socket unit: each connection is an instance of its own, an sshd -i in a sandbox that has no network but
# that connection. Needs a systemd.
. "$(dirname "$0")/../services.sh"

ssh_to() { # user, words of ssh's
	timeout 20 ssh -F none -p 18022 -i "$tmp/key" -o BatchMode=yes -o StrictHostKeyChecking=yes \
		-o UserKnownHostsFile="$dir/known" -o IdentitiesOnly=yes "$1@127.0.0.1" "${@:2}"
}

make_keys() {
	[ -e "$tmp/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
	mkdir -p "$dir/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/ssh/host"
	cp "$tmp/key.pub" "$dir/ssh/authorized"
	printf '[127.0.0.1]:18022 %s\n' "$(cut -d' ' -f1-2 "$dir/ssh/host.pub")" >"$dir/known"
	cat >"$dir/ssh/config" <<-'CONFIG'
		HostKey /etc/ssh/isorun/host
		AuthorizedKeysFile /etc/ssh/isorun/authorized
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PrintLastLog no
	CONFIG
	git init -q "$dir/ssh/repository"
	echo text >"$dir/ssh/repository/file"
	(cd "$dir/ssh/repository" && git add file && git -c user.name=a -c user.email=a@example commit -qm one)
	chown -R "$owner" "$dir/ssh"
}

# As root sshd changes ids and roots; as a user it can let in that user only, and needs nothing.
write_units() {
	write_policy sshd <<-POLICY
		[Scope]
		TasksMax=32
		[Sandbox]
		BindReadOnlyPaths=$dir/ssh:/etc/ssh/isorun
		Directory=/home/${TH_USER:-$owner}
	POLICY
	# A user's terminals cannot be given to the group tty, as sshd insists on where there is one.
	[ "$label" = root ] || printf '[Sandbox]\n%s\n' "File=/etc/group:$owner:x:$(id -g "$owner"):" >>"$dir/sshd.conf"
	[ "$label" = user ] || cat >>"$dir/sshd.conf" <<-'POLICY'
		[Sandbox]
		CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_CHROOT CAP_CHOWN CAP_KILL
		SystemCallFilter=@system-service chroot
		Directory=/run/sshd
		# Whether an account is locked.
		BindReadOnlyPaths=/etc/shadow
	POLICY
	write_unit isorun-sshd.socket <<-'UNIT'
		[Socket]
		ListenStream=127.0.0.1:18022
		Accept=yes
	UNIT
	write_unit isorun-sshd@.service <<-UNIT
		[Unit]
		CollectMode=inactive-or-failed
		[Service]
		ExecStart=-$isorun --quiet --policy $dir/sshd.conf /usr/sbin/sshd -i -e -f /etc/ssh/isorun/config
		StandardInput=socket
		StandardError=journal
	UNIT
	"${ctl[@]}" daemon-reload
}

instances() { "${ctl[@]}" list-units --all --plain --no-legend 'isorun-sshd@*' | cut -d' ' -f1; }
no_instance() { [ -z "$(instances)" ]; }
connected() { [ "$(cat "$dir/held" 2>/dev/null)" = in ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }

# A connection in the background that stays: its unit in $unit, its client in $client.
hold() {
	rm -f "$dir/held"
	ssh_to "$1" 'echo in; exec sleep 4711' >"$dir/held" 2>/dev/null </dev/null &
	client=$!
	await connected
	unit=$(instances)
}

test_login() { # user
	run ssh_to "$1" id -un
	is "$label: ssh logs $1 in" "$out" "$1"
	is "$label: ... with nothing to say" "$err" ""
	run ssh_to "$1" 'touch /etc/x /usr/x; ls /run /sys; exit 7'
	is "$label: ... into a sandbox, and the exit status comes back" "$status" 7
	refusal like "$label: ... in which nothing can be written" "$err" "*'/etc/x'*'/usr/x'*"
	also refusal unlike "$label: ... and the host's /run is not seen" "$out" "*systemd*"
	# shellcheck disable=SC2016
	run ssh_to "$1" 'for i in 1 2 3; do (setsid sleep 4712 </dev/null >/dev/null 2>&1 &); done; echo done'
	is "$label: ... what a session leaves running" "$out" "done"
	also ok "$label: ... dies with it" eventually gone '^sleep 4712'
	run ssh_to "$1" -tt tty
	refusal is "$label: ... a terminal is one of the sandbox's own" "$(tail -n1 <<<"${out%$'\r'}")" /dev/pts/0
	also ok "$label: ... no unit is left of a connection" eventually no_instance
}

test_two() { # user
	hold "$1"
	run ssh_to "$1" 'pgrep -a sleep; echo alone'
	refusal is "$label: of two connections one does not see the other" "$out" alone
	await one_instance
	also is "$label: ... and only its own unit ends with it" "$(instances)" "$unit"
	verified "$([ "$label" = root ] || echo "$TH_USER/")$unit"
	"${ctl[@]}" freeze "$unit"
	run ssh_to "$1" echo answers
	is "$label: one frozen, the other goes on" "$out" answers
	"${ctl[@]}" thaw "$unit"
	"${ctl[@]}" stop "$unit"
	also ok "$label: stopped, its client is let go" eventually ended "$client"
	ok_gone "$label: stopped, nothing is left but the socket"
}

one_instance() { [ "$(instances | wc -l)" = 1 ]; }

test_kill() { # user
	local victim
	for victim in payload reaper isorun; do
		hold "$1"
		kill -KILL "$(pid_of "$unit" $victim)"
		also ok "$label: $victim killed, its client is let go" eventually ended "$client"
		ok_gone "$label: $victim killed, nothing is left but the socket"
		also is "$label: ... no unit" "$(instances)" ""
	done
}

# The configuration of the machine's ssh includes a file by a symlink, as systemd 256 has one, and that another one. All
# belong to root, which a user's sandbox does not have.
configure_client() {
	mkdir -p "$dir/client" /etc/isorun-test
	cp "$tmp/key" "$dir/known" "$dir/client"
	chown -R "$owner" "$dir/client"
	ln -sf ../../isorun-test/ssh.conf /etc/ssh/ssh_config.d/20-isorun-test.conf
	printf 'Include /etc/isorun-test/more.conf\nHost isorun-test\n\tPort 18022\n\tUser %s\n' "$owner" >/etc/isorun-test/ssh.conf
	cat >/etc/isorun-test/more.conf <<-'CONFIG'
		Host isorun-test
			HostName 127.0.0.1
			HostKeyAlias [127.0.0.1]:18022
			UserKnownHostsFile /client/known
			IdentityFile /client/key
			BatchMode yes
	CONFIG
	chmod 644 /etc/isorun-test/*
}

# ssh and git in a sandbox, by the policies for clients, as whoever owns the manager.
test_client() { # policy, options
	local project=$dir/project-$1
	who=()
	[ "$label" = root ] || who=("$as_user")
	mode=(--policy "$top/policies/$1.conf" -p "Optional=MemoryMax MemorySwapMax TasksMax" -v "$dir/client:/client:ro" "${@:2}")
	box ssh isorun-test id -un
	is "$label: ssh under the policy $1 logs in" "$status $out $err" "0 $owner "
	mkdir -p "$project"
	chown "$owner" "$project"
	cd "$project" || return
	box --here git clone -q ssh://isorun-test/etc/ssh/isorun/repository clone
	is "$label: ... and git clones" "$status $err $(cat clone/file)" "0  text"
	cd / || return
}

test_clients() {
	if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
		skip "$label: ssh in a sandbox" "it changes the machine's configuration"
		return
	fi
	configure_client
	"${ctl[@]}" start isorun-sshd.socket
	test_client client -c localhost:18022
	test_client agent
	"${ctl[@]}" stop isorun-sshd.socket
	rm -r /etc/isorun-test /etc/ssh/ssh_config.d/20-isorun-test.conf
}

all() {
	make_keys
	write_units
	test_clients
	remember_traces
	cp "$tmp/traces" "$tmp/before"
	"${ctl[@]}" start isorun-sshd.socket
	remember_traces
	test_login "$owner"
	[ "$label" = user ] || [ -z "${TH_USER-}" ] || test_login "$TH_USER"
	test_two "$owner"
	test_kill "$owner"
	"${ctl[@]}" stop isorun-sshd.socket
	cp "$tmp/before" "$tmp/traces"
	ok_gone "$label: the socket stopped, nothing is left"
	remove_units
}

if [ ! -x /usr/sbin/sshd ] || ! command -v ssh >/dev/null; then
	echo "1..0 # SKIP there is no sshd, or no ssh"
	exit 0
fi
for_each_manager all
