#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Types each example of docs/troubleshooting.md as a user. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ -z "${TH_USER-}" ]; then
	echo "1..0 # SKIP files of a user, and sockets in /run, would be put into this machine"
	exit 0
fi
install_isorun
page=$top/docs/troubleshooting.md typed=$top/tests/typed.py
home=$(getent passwd "$TH_USER" | cut -d: -f6)
runtime=/run/user/$(id -u "$TH_USER")

# Sockets at which a server listens, as this user.
serve_at() { # command..., then paths
	"$@" &
	eventually test -S "${!#}"
}
listen='import os, signal, socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    s.bind(path)
    os.chmod(path, 0o666)
    s.listen()
    s.detach()
signal.pause()'
"$as_user" sh -c "mkdir -p '$home/notes' && echo walk the dog >'$home/notes/plan.txt' &&
	printf '[user]\n\tname = Ada\n' >'$home/.gitconfig' && echo -----BEGIN CERTIFICATE----- >'$home/ca.pem'"
serve_at "$as_user" python3 -c "$listen" "$runtime/pulse/native" /tmp/.X11-unix/X0 "$runtime/wayland-0"
serve_at python3 -c "$listen" /run/db.sock

label=user who=("$as_user")
while read -r section; do
	run "$as_user" python3 -B "$typed" type "$page" "$section"
	if [ "$status" = 2 ]; then
		skip "docs/troubleshooting.md: $section" "its program, device or controller is not here"
	else
		# Some of the programs do the same outside.
		no_refusal is "docs/troubleshooting.md: $section" "$status $out$err" "0 "
	fi
done < <(python3 -B "$typed" list "$page")
