# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Run by testhost-ready.service in a UML host, when all is up: runs the command, leaves its status in the state
# directory and ends the kernel. Its output goes to the serial lines by way of a pipe, since CMD is not to see a terminal.

relay() {
	mkfifo "/run/testhost-$1"
	stty -F "$2" raw -echo
	cat <"/run/testhost-$1" >"$2" &
}

# What CMD left running may hold the pipes open for ever.
wait_for_relays() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$out_relay" 2>/dev/null || kill -0 "$err_relay" 2>/dev/null || return
		sleep 0.2
	done
}

relay out /dev/ttyS0
out_relay=$!
relay err /dev/ttyS1
err_relay=$!
bash /run/testhost/command </dev/null >/run/testhost-out 2>/run/testhost-err
echo $? >/run/testhost/status
wait_for_relays
exec systemctl -ff poweroff
