#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file that is given for reading (isorun ... <FILE) cannot be changed, whatever the payload may do otherwise; and the
# caller reads on where the payload has stopped.
. "$(dirname "$0")/../lib.sh"

# Tries to change the file that it has as fd 0, also in a user and mount namespace of its own, and prints what worked.
cat "$top/tests/calls.py" - >"$tmp/attack.py" <<'PY'
import errno, fcntl, mmap, os, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
PATH = "/proc/self/fd/0"
EMPTY, RECURSIVE = 0x1000, 0x8000
worked = []
refused = set()


def call(name, *args):
    r = libc.syscall(number(name), *[ctypes.c_ulong(a) if isinstance(a, int) else a for a in args])
    if r < 0:
        raise OSError(ctypes.get_errno(), "")
    return r


def attempt(name, f, *args):
    try:
        f(*args)
        worked.append(where + name)
    except OSError as e:
        refused.add(errno.errorcode[e.errno])


def make_writable(fd):
    clear = struct.pack("QQQQ", 0, 1, 0, 0)  # struct mount_attr: attr_clr = MOUNT_ATTR_RDONLY
    call("mount_setattr", fd, b"", EMPTY, clear, len(clear))


def clone():
    tree = call("open_tree", 0, b"", EMPTY | 1)
    make_writable(tree)
    os.open(f"/proc/self/fd/{tree}", os.O_WRONLY)


def set_flags():
    flags = bytearray(8)
    fcntl.ioctl(0, 0x80086601, flags)  # FS_IOC_GETFLAGS
    fcntl.ioctl(0, 0x40086602, bytes(flags))  # FS_IOC_SETFLAGS


def attack():
    # First what could make the others work.
    attempt("mount_setattr", make_writable, 0)
    attempt("mount_setattr -R", lambda: call("mount_setattr", 0, b"", EMPTY | RECURSIVE, struct.pack("QQQQ", 0, 1, 0, 0), 32))
    attempt("remount", lambda: call("mount", b"none", PATH.encode(), 0, 32 | 4096, 0))
    attempt("open_tree", clone)
    for name, flags in (("write", os.O_WRONLY), ("read and write", os.O_RDWR), ("truncating", os.O_WRONLY | os.O_TRUNC),
                        ("appending", os.O_WRONLY | os.O_APPEND)):
        attempt("open " + name, os.open, PATH, flags)
    attempt("truncate", os.truncate, PATH, 0)
    attempt("ftruncate", os.ftruncate, 0, 0)
    attempt("write", os.write, 0, b"x")
    attempt("mmap", mmap.mmap, 0, 0, mmap.MAP_SHARED, mmap.PROT_WRITE)
    attempt("chmod", os.chmod, PATH, 0o777)
    attempt("fchmod", os.fchmod, 0, 0o777)
    attempt("chown", os.chown, PATH, os.getuid(), os.getgid())
    attempt("fchown", os.fchown, 0, os.getuid(), os.getgid())
    attempt("utimensat", os.utime, PATH, (1, 1))
    attempt("futimens", os.utime, 0, (1, 1))
    attempt("setxattr", os.setxattr, PATH, "user.isorun", b"x")
    attempt("fsetxattr", os.setxattr, 0, "user.isorun", b"x")
    attempt("FS_IOC_SETFLAGS", set_flags)
    attempt("fallocate", os.posix_fallocate, 0, 0, 4096)


where = ""
attack()
if os.fork() == 0:
    # Where namespaces may be made.
    if libc.unshare(0x10000000 | 0x20000) == 0:
        where = "in a user namespace: "
        worked.clear()
        attack()
        print("\n".join(worked), end="", flush=True)
    os._exit(0)
os.wait()
print(*worked, "EROFS" if "EROFS" in refused else "", "tried", sep="\n")
print(open(PATH).readline(), end="")
PY
chmod 644 "$tmp/attack.py"

# All that can be changed of a file.
state() { echo "$(cat "$1") $(stat -c '%a %u %g %Y %Z %s' "$1") $(python3 -c 'import os, sys; print(os.listxattr(sys.argv[1]))' "$1")"; }

# Writes the file that everybody may write, and which belongs to the current user.
write_file() {
	printf 'one\ntwo\nthree\n' >"$tmp/file"
	chmod 666 "$tmp/file"
	[ ${#who[@]} = 0 ] || chown "$TH_USER" "$tmp/file"
}

attack() { # description, options...
	local before
	write_file
	before=$(state "$tmp/file")
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -v "$tmp/attack.py:/attack.py:ro" "${@:2}" /usr/bin/python3 /attack.py \
		<"$tmp/file" >"$tmp/out" 2>"$tmp/err"
	status=$? out=$(grep . "$tmp/out") err=$(cat "$tmp/err")
	# promise P34
	is "$label: $1: nothing changes it, and it can be opened for reading" "$status $out" $'0 EROFS\ntried\none'
	# promise P34
	also is "$label: ... it is as before" "$(state "$tmp/file")" "$before"
}

test_attacks() {
	attack "the default policy"
	attack "a policy without lines" --policy /dev/null
	attack "policy filter" --policy "$top/policies/filter.conf" -p 'Optional=CPUQuota'
	attack "Nesting=yes" --policy "$top/policies/nest.conf" "${nest_as[@]}"
	attack "RestrictNamespaces=no" -p RestrictNamespaces=no -p 'SystemCallFilter=@mount unshare'
	if [ "$label" = root ]; then
		attack "CAP_SYS_ADMIN and others" -p 'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_FOWNER CAP_CHOWN' \
			-p 'SystemCallFilter=@mount @chown'
		attack "PrivateUsers=no" -p PrivateUsers=no -p 'CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_FOWNER'
		attack "User=" -p User=nobody
	fi
	if has_private_ids; then
		attack "PrivateUsers=full" -p PrivateUsers=full
	else
		skip "$label: PrivateUsers=full" "there are no subordinate ids here"
	fi
}

# Root in a sandbox owns the host's devices, and each service has /dev/null as fd 0.
test_device() {
	local node=$tmp/dev/null change='chmod 600 /proc/self/fd/0 2>/dev/null; python3 -c "import os; os.fchmod(0, 0o600)" 2>&1 |
		grep -o "Read-only.*"; python3 -c "import os; os.chown(0, 1, 1)" 2>/dev/null; read -r x; echo "$?"' options
	mkdir "$tmp/dev"
	mount -t tmpfs -o mode=755 tmpfs "$tmp/dev"
	mknod -m 666 "$node" c 1 3
	for options in "" "-p PrivateUsers=no -p CapabilityBoundingSet=CAP_FOWNER" "-p PrivateDevices=no" "-p RestrictNamespaces=no" \
		"--policy $top/policies/nest.conf ${nest_as[*]}"; do
		# shellcheck disable=SC2086
		"$isorun" --quiet "${mode[@]}" $options sh -c "$change" <"$node" >"$tmp/out" 2>&1
		# promise P34
		is "$label: a device as fd 0${options:+, $options}: nothing changes it, and it can be read" \
			"$(cat "$tmp/out") $(stat -c '%a %u' "$node")" $'Read-only file system\n1 666 0'
		chmod 666 "$node"
	done
	if [ -S /run/dbus/system_bus_socket ]; then
		"$isorun" --quiet "${mode[@]}" --name device sleep 871 &
		await runs "^sleep 871"
		verified device
		"$isoctl" enter device sh -c "$change" <"$node" >"$tmp/out" 2>&1
		is "$label: ... nor with isoctl enter" "$(cat "$tmp/out") $(stat -c '%a %u' "$node")" $'Read-only file system\n1 666 0'
		"$isoctl" stop device
		wait $!
	fi
	umount "$tmp/dev"
}

# Runs a script with $isorun and the suite's options as "box", with fd 0 of the file.
script() { # text
	write_file
	run "${who[@]}" bash -c 'isorun=$1 file=$2; shift 2; options=("$@")
		box() { "$isorun" --quiet "${options[@]}" "$@"; }
		exec <"$file"
		'"$1" bash "$isorun" "$tmp/file" "${mode[@]}"
}

test_offset() {
	script 'box head -n1; echo --; cat'
	no_refusal is "$label: the caller reads on where the payload has stopped" "$out" $'one\n--\ntwo\nthree'
	script 'read -r; box head -n1; echo --; cat'
	no_refusal is "$label: ... and the payload where the caller has" "$out" $'two\n--\nthree'
	script 'python3 -c "
import os, sys
os.dup2(os.open(sys.argv[1], os.O_RDONLY | os.O_NOFOLLOW), 0)
os.execv(sys.argv[2], sys.argv[2:])" "$file" "$isorun" --quiet "${options[@]}" head -n1'
	no_refusal is "$label: ... and a file that the caller has opened with O_NOFOLLOW" "$status $out$err" "0 one"
	script 'box sh -c "read -r x; exit 3"; echo $?; cat'
	no_refusal is "$label: ... also if it fails" "$out" $'3\ntwo\nthree'
	script 'box sh -c "read -r x; kill -9 \$\$"; echo $?; cat'
	no_refusal is "$label: ... or is killed" "$out" $'137\ntwo\nthree'
	script 'box -- /nothing 2>/dev/null; echo $?; cat'
	no_refusal is "$label: ... or was never there" "$out" $'127\none\ntwo\nthree'
	script 'box sh -c "cat; echo x >>/dev/stdin" 2>&1; cat'
	like "$label: ... and at the end there is nothing left" "$out" $'one\ntwo\nthree\n*Read-only file system'
}

# What has no path cannot be had behind a mount of its own; it comes through as it is.
test_others() {
	script 'removed=/dev/shm/isorun-test.$$; echo text >$removed; exec <$removed; rm $removed; box cat'
	no_refusal is "$label: a removed file can be read" "$status $out $err" "0 text "
	script 'box cat <<<"here"'
	no_refusal is "$label: a here-document can be read" "$status $out $err" "0 here "
	script 'box grep -c . <"/proc/$$/status"'
	no_refusal is "$label: a file of a process in /proc can be read" "$status $((out > 10)) $err" "0 1 "
	script 'box head -c4 </proc/sys/kernel/ostype'
	no_refusal is "$label: a file of /proc/sys can be read" "$status $out $err" "0 Linu "
	script 'exec 1<>"$file"; box sh -c "echo ONE"; cat "$file" >&2'
	no_refusal is "$label: a file that was opened for reading and writing can be written" "$err" $'ONE\ntwo\nthree'

	install -m 600 /dev/stdin "$tmp/secret" <<<"of root"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" cat <"$tmp/secret" >"$tmp/out" 2>"$tmp/err"
	no_refusal is "$label: a file that the user could not open itself can be read" "$? $(cat "$tmp/out" "$tmp/err")" "0 of root"
	if [ "$label" = root ] && [ "${TESTHOST-real}" != real ]; then
		echo other >"$tmp/other"
		script 'mount --bind "$file" "${file%file}other"; exec 9<"${file%file}other"; umount -l "${file%file}other"; "$isorun" "${options[@]}" cat <&9'
		like "$label: a file that is no longer at its path comes with a notice" "$status $out $err" \
			$'0 one\ntwo\nthree *isorun: notice: fd 0: the payload may be able to change this file*'
	fi
}

test_service() {
	local kind over=() payload='cat; echo x >/proc/self/fd/0 || echo refused' unchanged=$'one\ntwo\nthree'
	write_file
	run "${who[@]}" "$isorun" --quiet "${mode[@]}" -p StandardInput=file:"$tmp/file" sh -c "$payload"
	is "$label: the same for StandardInput=file: of the policy" "$out $(cat "$tmp/file")" \
		"$unchanged"$'\n'"refused $unchanged"
	[ -S /run/dbus/system_bus_socket ] || { skip "$label: services" "no systemd"; return; }
	for kind in exec notify; do
		[ $kind = exec ] || over=(--hand-over --notify=exec)
		write_file
		install -m 666 /dev/null "$tmp/said"
		run "${who[@]}" systemd-run "${bus[@]}" --quiet --collect --unit=isorun-test.service -p Type=$kind \
			-p StandardInput=file:"$tmp/file" -p StandardOutput=truncate:"$tmp/said" -p StandardError=null "$isorun" --quiet \
			"${over[@]}" "${mode[@]}" sh -c "$payload; exec sleep 870"
		await grep -q refused "$tmp/said"
		is "$label: ... and of a service, Type=$kind" "$status $(cat "$tmp/said" "$tmp/file")" \
			"0 $unchanged"$'\n'"refused"$'\n'"$unchanged"
		ctl stop isorun-test.service
		await forgotten isorun-test.service
	done
}

all() {
	bus=()
	[ "$label" = root ] || bus=(--user)
	test_attacks
	[ "$label" = user ] || test_device
	test_offset
	test_others
	test_service
}

mode=(-p "Optional=MemoryMax TasksMax")
as_everybody all
