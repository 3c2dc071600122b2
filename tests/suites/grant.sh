#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Mounts that come into, and go out of, a running instance. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax" -p "GrantPaths=/mnt/in:rw /mnt/ro")

ctl() { "${who[@]}" "$isoctl" "$@"; }
grant() { run "${who[@]}" "$isoctl" grant "$@"; }
revoke() { run "${who[@]}" "$isoctl" revoke "$@"; }
inside() { run "${who[@]}" "$isoctl" enter one sh -c "$1"; }

begin() {
	"${who[@]}" "$isorun" "${mode[@]}" --name one "$@" sleep 1000 &
	instance=$!
	await ctl enter one true 2>/dev/null
}

end() {
	kill "$(first_pid "^$isorun .*--name one ")"
	wait "$instance" || :
}

# What root of the instance could do: make writable again, take off, look below.
cat "$top/tests/calls.py" - >"$tmp/undo.py" <<'PY'
import os
libc = ctypes.CDLL(None, use_errno=True)
MS_REMOUNT, MS_BIND = 32, 4096
def mount(flags):
    return libc.mount(None, b"/mnt/ro", None, ctypes.c_ulong(flags), None) == 0
class Attr(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in ("set", "clear", "propagation", "users")]
done = []
for flags in (0, 2, 4, 6, 2 | 4 | 8 | 1024, 1 << 21 | 2 | 4):
    if mount(MS_REMOUNT | MS_BIND | flags): done.append("remounted %d" % flags)
    if mount(MS_REMOUNT | flags): done.append("remounted the file system %d" % flags)
for flag in (1, 2, 4): # rdonly, nosuid, nodev
    if libc.syscall(number("mount_setattr"), -100, b"/mnt/ro", 0x8000, ctypes.byref(Attr(0, flag, 0, 0)), ctypes.sizeof(Attr)) == 0: done.append("cleared %d" % flag)
try:
    open("/mnt/ro/undone", "w"); done.append("written")
except OSError: pass
if libc.mount(b"/mnt/ro", b"/tmp", None, ctypes.c_ulong(MS_BIND), None) == 0:
    for flags in (0, 2, 4, 6):
        if libc.mount(None, b"/tmp", None, ctypes.c_ulong(MS_REMOUNT | MS_BIND | flags), None) == 0: done.append("a copy remounted")
    try:
        open("/tmp/undone", "w"); done.append("a copy written")
    except OSError: pass
print("undone:", *done)
PY
chmod 644 "$tmp/undo.py"

test_grant() { # what, options...
	local source=$tmp/source
	rm -rf "$source"
	mkdir "$source" "$source/sub"
	echo hello >"$source/file"
	chmod -R a+rwX "$source"
	ln -sfn source "$tmp/link"
	begin "${@:2}" -v "$tmp/undo.py:/undo.py:ro"
	inside 'ls -A /mnt/in /mnt/ro; touch /mnt/in/x /mnt/ro/x /mnt/x 2>/dev/null || echo no'
	is "$label, $1: a place is empty and read-only before" "$out" "/mnt/in:

/mnt/ro:
no"
	grant one "$source:/mnt/in:rw"
	is "$label, $1: grant" "$status $err" "0 "
	inside 'cat /mnt/in/file; echo new >/mnt/in/made && mkdir /mnt/in/d && mv /mnt/in/made /mnt/in/d/ && ln /mnt/in/d/made /mnt/in/other && rm /mnt/in/file && cat /mnt/in/other'
	is "$label, $1: it is read and written" "$out" "hello
new"
	is "$label, $1: ... which is seen on the host" "$(cat "$source/d/made")" new
	is "$label, $1: ... as the instance's owner's" "$(stat -c %u "$source/d/made")" "${made_by-$(id -u "$owner")}"
	inside "$(to_end 'for f in /mnt/x /mnt/ro/x /usr/x; do touch $f 2>/dev/null && echo $f; done')"
	also is_reached "$label, $1: nothing beside it can be written" ""
	also is "$label, $1: the mount is not seen elsewhere" "$(grep -c /mnt/in /proc/self/mountinfo)" 0
	inside 'sed -n "s|.* /mnt/in \([a-z]*,nosuid,nodev\).*|\1|p" /proc/self/mountinfo | tail -n1'
	is "$label, $1: it is nosuid and nodev" "$out" rw,nosuid,nodev
	grant one "$source:/mnt/ro"
	is "$label, $1: grant, read-only" "$status $err" "0 "
	inside 'cat /mnt/ro/other; touch /mnt/ro/x 2>/dev/null || echo no'
	is "$label, $1: it is read, and not written" "$out" "new
no"
	inside '/usr/bin/python3 /undo.py'
	is "$label, $1: read-only holds against who would undo it" "$out" "undone:"
	like "$label, $1: status tells of both" "$(ctl status one)" "*granted*/source (* on /mnt/in, writable*granted*/source (* on /mnt/ro, read-only*"
	grant one "$source:/mnt/in"
	like "$label, $1: a place that is filled" "$status $err" "125 isoctl: one: /mnt/in is already in use by */source (* (isoctl revoke removes it)"
	revoke one /mnt/ro
	is "$label, $1: revoke" "$status $err" "0 ${kept:+isoctl: notice: one may make mounts, so the directory of /mnt/ro may also be mounted on another path inside: stop the instance to remove it for certain}"
	revoke one /mnt/ro
	is "$label, $1: ... of nothing" "$status $err" "125 isoctl: one: no directory was granted on /mnt/ro"
	inside 'ls -A /mnt/ro /mnt/in/d'
	is "$label, $1: ... of the one alone" "$out" "/mnt/in/d:
made

/mnt/ro:"
	grant one "$tmp/link/sub/..:/mnt/ro/"
	is "$label, $1: a source by a symlink" "$status $err" "0 "
	inside 'cat /mnt/ro/other'
	is "$label, $1: ... is what the caller calls so" "$out" new
	if [ -n "${kept-}" ]; then
		inside 'mount -t tmpfs none /mnt/ro && mount -t tmpfs none /mnt/ro && echo covered'
		is "$label, $1: what is granted is covered" "$out" covered
		revoke one /mnt/ro
		inside 'grep -c " /mnt/ro " /proc/self/mountinfo'
		is "$label, $1: ... and taken off nevertheless" "$out" 1
	fi
	end
}

test_no_exec() {
	local source=$tmp/code
	rm -rf "$source"
	mkdir "$source"
	cp /usr/bin/echo "$source/"
	chmod -R a+rwX "$source"
	begin -p MemoryDenyWriteExecute=yes
	grant one "$source:/mnt/in:rw"
	inside 'ls /mnt/in; /mnt/in/echo ran'
	like "$label: what can be written cannot be executed" "$status $out$err" "126 echo*Permission denied"
	end
}

test_errors() {
	begin
	grant one "$tmp:/mnt/ro:rw"
	is "$label: what is to be written on a read-only place" "$status $err" \
		"125 isoctl: one: /mnt/ro is read-only (a writable one needs GrantPaths=/mnt/ro:rw in the policy)"
	grant one "$tmp:/usr"
	is "$label: what is no place" "$status $err" \
		"125 isoctl: one: GrantPaths= of the policy does not list /usr, only /mnt/in:rw /mnt/ro:ro"
	grant one "$tmp:/mnt/in/../ro"
	like "$label: a way around" "$status $err" "125 isoctl: one: GrantPaths= of the policy does not list *, only /mnt/in:rw /mnt/ro:ro"
	grant one "$tmp/undo.py:/mnt/in"
	is "$label: a file" "$status $err" "125 isoctl: grant: $tmp/undo.py is not a directory: only directories can be granted"
	grant one "$tmp/none:/mnt/in"
	is "$label: a source that is not there" "$status $err" "125 isoctl: grant: cannot use $tmp/none: No such file or directory"
	grant one "$tmp"
	is "$label: no destination" "$status $err" "125 isoctl: grant: not SRC:DEST[:ro|rw]: \"$tmp\""
	inside "$(to_end 'ls -d /mnt/in; mount --bind /usr /mnt/in 2>/dev/null && echo mounted; umount /mnt/in 2>/dev/null && echo taken off')"
	is_reached "$label: a payload cannot do it itself" /mnt/in
	end
	"${who[@]}" "$isorun" --quiet -p "Optional=MemoryMax TasksMax" --name none sleep 1000 &
	await ctl enter none true 2>/dev/null
	grant none "$tmp:/mnt"
	is "$label: an instance without a place" "$status $err" "125 isoctl: none: the policy has no GrantPaths=, so nothing can be granted"
	kill "$(first_pid "^$isorun .*--name none ")"
	wait $!
	run "${who[@]}" "$isorun" --quiet -p GrantPaths=/in:rw true
	like "$label: a writable place directly below /" "$status $err" "125 isorun: *GrantPaths=: /in cannot be a place for grants: a place cannot be /, and a writable place cannot be directly below /*"
}

test_revoke() {
	local source=$tmp/held
	rm -rf "$source"
	mkdir "$source"
	cp "$(readlink -f /bin/sleep)" "$source/sleep-held"
	chmod -R a+rwX "$source"
	begin
	grant one "$source:/mnt/ro"
	"${who[@]}" "$isoctl" enter one sh -c 'cd /mnt/ro; exec sleep 801' &
	"${who[@]}" "$isoctl" enter one sh -c 'exec sleep 802 <"/mnt/ro/sleep-held"' &
	"${who[@]}" "$isoctl" enter one sh -c 'exec /mnt/ro/sleep-held 803' &
	"${who[@]}" "$isoctl" enter one sleep 804 &
	for i in 801 802 803 804; do await runs "^(/mnt/ro/)?sleep(-held)? $i\$"; done
	verified one
	revoke one /mnt/ro
	is "$label: revoke names who still holds files there" "$(sed 's/process [0-9]*/process N/' <<<"$err" | LC_ALL=C sort)" \
		"isoctl: notice: process N (sleep) still uses files of /mnt/ro
isoctl: notice: process N (sleep) still uses files of /mnt/ro
isoctl: notice: process N (sleep-held) still uses files of /mnt/ro"
	also ok "$label: ... and leaves them" runs '^sleep 801$'
	grant one "$source:/mnt/ro"
	"${who[@]}" "$isoctl" enter one sh -c 'cd /mnt/ro; exec sleep 805' &
	await runs '^sleep 805$'
	revoke one /mnt/ro --kill
	like "$label: with --kill it ends them" "$err" "isoctl: notice: process * (sleep) was killed, because it used files of /mnt/ro"
	also ok "$label: ... really" eventually gone '^sleep 805$'
	also ok "$label: ... and no other" runs '^sleep 804$'
	end
	wait
}

admin=(-p "CapabilityBoundingSet=CAP_SYS_ADMIN" -p SystemCallFilter=@mount)
all() {
	test_grant default
	kept=yes test_grant "CAP_SYS_ADMIN" "${admin[@]}"
	# Where Landlock cannot keep abstract sockets shut, no unix socket can be had.
	[ "$(landlock_abi)" -lt 6 ] || test_grant "the host's network" -p PrivateNetwork=no
	! has_private_ids || made_by=$(first_subuid "$owner") kept=yes test_grant "PrivateUsers=full" -p PrivateUsers=full -p SystemCallFilter=@mount
	test_no_exec
	test_errors
	test_revoke
}

# isorun is in the service's cgroup, too, and its paths are the host's.
test_service() {
	local directory=/var/opt/isorun-test
	mkdir -p "$directory" "$tmp/given"
	systemctl reset-failed isorun-test.service 2>/dev/null
	systemd-run --quiet --unit isorun-test -p WorkingDirectory="$directory" -p MemoryMax=100M -p TasksMax=50 -p Type=exec \
		"$isorun" --quiet --name one -p MemoryMax= -p MemorySwapMax= -p TasksMax= -p "GrantPaths=$directory:rw" sh -c 'cd /; sleep 806'
	await ctl enter one true 2>/dev/null
	grant one "$tmp/given:$directory:rw"
	is "a place in a service, of the name of its working directory" "$status $err" "0 "
	revoke one "$directory" --kill
	is "... is taken off, and isorun not ended as one who holds it" "$status $err $(systemctl is-active isorun-test)" "0  active"
	systemctl stop isorun-test.service
}

label=root who=() owner=root
all
test_service
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") owner=$TH_USER
	admin+=(-p AmbientCapabilities=CAP_SYS_ADMIN)
	all
	# root, on an instance of a user: the source is root's to name, what is done inside the user's to do.
	begin
	mkdir -m 700 "$tmp/roots"
	mkdir "$tmp/roots/below"
	run "$isoctl" grant "$TH_USER/one" "$tmp/roots:/mnt/ro"
	is "root grants into a user's instance" "$status $err" "0 "
	inside 'ls /mnt/ro 2>/dev/null || echo no'
	also is "... what the user may then read or not" "$out" no
	run "$isoctl" revoke "$TH_USER/one" /mnt/ro
	is "... and revokes" "$status $err" "0 "
	run "$as_user" "$isoctl" grant one "$tmp/roots/below:/mnt/ro"
	like "a source that the user cannot reach" "$status $err" "125 isoctl: grant: cannot use $tmp/roots/below: Permission denied"
	end
	who=()
	begin
	run "$as_user" "$isoctl" grant one "$tmp:/mnt/ro"
	is "another user's" "$status $err" "125 isoctl: one is an instance of user 0: only that user and root may do this"
	end
else
	skip "the same as another user" "no user to be"
fi
