#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Types each example of docs/troubleshooting.md as a user. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ -z "${TH_USER-}" ]; then
	echo "1..0 # SKIP files of a user, and sockets in /run, would be put into this machine"
	exit 0
fi
install_isorun
as_everybody verified_start
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

# What isorun --why says of each case in which the sandbox denies something. A program inside has a tracer then, so a
# sanitizer cannot look for leaks there.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
mode=(-p "Optional=MemoryMax MemorySwapMax TasksMax")
why_tells() { # description, pattern of one of the lines, options..., script for sh
	box --why "${@:3:$#-3}" sh -c "exec 2>/dev/null; $(to_end "${@: -1}")"
	# The kernel, or a program, may have said more.
	no_refusal like "--why: $1: the program goes on" "$status $out" "0 *$reached"
	also like "--why: $1" $'\n'"$err"$'\n' "*"$'\n'"isorun: $2"$'\n'"*"
}
python() { printf "python3 -Ic '%s'" "$1"; }
socket='import os, socket
s = socket.socket(socket.AF_UNIX)
try: s.connect("%s")
except OSError: pass'
at() { python "${socket//%s/$1}"; }

why_tells "a home" "openat $home/notes/plan.txt: ENOENT – *is hidden* – to allow: -p BindReadOnlyPaths=$home/notes/plan.txt" \
	"cat $home/notes/plan.txt"
why_tells "dotfiles" "* $home/.gitconfig: ENOENT* – *is hidden* – to allow: -p BindReadOnlyPaths=$home/.gitconfig" "cat $home/.gitconfig"
why_tells "files of the system, which the host refuses, too" "the sandbox has denied nothing" "touch /opt/tool"
why_tells "Wayland" "connect $runtime/wayland-0: ENOENT – * – to allow: -p BindReadOnlyPaths=$runtime/wayland-0" "$(at "$runtime/wayland-0")"
why_tells "X11" "connect /tmp/.X11-unix/X0: ENOENT – *" "$(at /tmp/.X11-unix/X0)"
why_tells "audio" "connect $runtime/pulse/native: ENOENT – *" "$(at "$runtime/pulse/native")"
why_tells "D-Bus" "connect $runtime/bus: ENOENT – * – to allow: -p BindReadOnlyPaths=$runtime/bus" "$(at "$runtime/bus")"
why_tells "other unix sockets" "connect /run/db.sock: ENOENT – * – to allow: -p BindReadOnlyPaths=/run/db.sock" "$(at /run/db.sock)"
why_tells "devices" "openat /dev/fuse: ENOENT – *" "cat /dev/fuse"
why_tells "low ports" "bind 0.0.0.0:80: EACCES – *" "$(python 'import socket; socket.create_server(("", 80))')"
why_tells "peers" "connect 192.0.2.1:443: ENETUNREACH – * – to allow: -p ConnectTo=192.0.2.1:443" "$(python 'import socket; socket.create_connection(("192.0.2.1", 443))')"
why_tells "names" "connect *:53/udp: ENETUNREACH* – * – to allow: -p ConnectTo=HOST:PORT" \
	"$(python 'import socket
try: socket.gethostbyname("example.org")
except OSError: pass')"
why_tells "ptrace" "ptrace: EPERM – filtered by * SystemCallFilter= – to allow: -p SystemCallFilter=ptrace" "$(python 'import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)')"
why_tells "strace" "ptrace: EPERM* – filtered by *" "strace true"
why_tells "user namespaces" "unshare: EPERM – *RestrictNamespaces=no" "unshare -U true"
why_tells "JIT" "mmap: EPERM – filtered by -p MemoryDenyWriteExecute= – to allow: -p MemoryDenyWriteExecute=no" -p MemoryDenyWriteExecute=yes "$(python 'import mmap; mmap.mmap(-1, 4096, prot=7)')"
why_tells "keys of certificates, which the host hides, too" "the sandbox has denied nothing" "ls /etc/ssl/private"
