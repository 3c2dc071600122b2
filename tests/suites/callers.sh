#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Odd callers on odd hosts: isorun works, or says in one line what is in the way. Needs a systemd.
# shellcheck disable=SC2016  # the scripts expand their variables themselves
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP this changes mounts of the machine"
	exit 0
fi
odd=/var/odd # not in a place that a sandbox hides by itself, and not in that of the suite

# Each script is for bash, in $odd/$label, where isorun is "${I[@]}".
start() { # script
	local words=("$isorun" --quiet)
	[ "$label" = root ] || words+=(--user)
	run "${as[@]}" "${who[@]}" bash -c "cd $odd/$label; I=(${words[*]}); $1"
}
works() { # description, script
	start "$2"
	no_refusal is "$label: $1" "$status $out$err" "0 ok"
}
says() { # description, status, the only line on stderr (a pattern), script
	start "$4"
	like "$label: $1" "$status $(wc -l <"$tmp/err") $err" "$2 1 isorun: $3"
}

test_callers() {
	local mask fds limit
	mkdir -p "$odd/$label"
	printf '#!/bin/sh\necho wrong\n' >"$odd/$label/echo"
	chmod 755 "$odd/$label/echo"
	[ "$label" = root ] || chown "$TH_USER" "$odd/$label"

	for mask in 0 077 0777; do
		works "umask $mask" "umask $mask; \${I[@]} -C / sh -c 'read -r x </usr/lib/os-release && [ \$((\$(umask))) = \$(($mask)) ] && echo ok'"
	done
	for fds in '<&-' '2>&-' '<&- 2>&-'; do works "with $fds" "\${I[@]} -C / echo ok $fds"; done
	works "with fd 1 closed" '"${I[@]}" -C / true >&- && echo ok'
	works "with fds 0 to 2 closed" '"${I[@]}" -C / true <&- >&- 2>&-; s=$?; [ $s = 0 ] && echo ok'
	works "without LANG" 'env -u LANG -u LC_ALL "${I[@]}" -C / echo ok'
	works "with a locale that does not exist" 'LANG=xx_YY.foo LC_ALL=xx_YY.foo "${I[@]}" -C / echo ok'
	works "in a locale with other letters" 'LC_ALL=tr_TR.UTF-8 "${I[@]}" -C / echo ok'
	works "on a dumb terminal" 'TERM=dumb "${I[@]}" -C / echo ok'
	works "without HOME" 'env -u HOME "${I[@]}" -C / echo ok'
	for home in '' home ./home /no/such/home /usr/../etc / /nonexistent $'$\'/a\nb\'' '$(printf "/%05000d" 1)'; do
		works "with HOME=${home@Q}" "HOME=$home \${I[@]} -C / echo ok"
	done
	works "a relative part of PATH is no place of programs" 'PATH=.:"":bin:/usr/bin:/bin: "${I[@]}" --here echo ok'
	says "with an empty PATH" 127 "echo: command not found" 'P=${I[0]}; PATH= "$P" --quiet -C / echo ok'
	works "with an environment of 1.8 MB" 'for i in {1..300}; do export V$i=$(printf %06000d 1); done; "${I[@]}" -C / echo ok'
	works "without any environment" 'env -i "$I" --quiet --no-scope -C / /bin/echo ok'
	works "with an empty name as argv[0]" '(exec -a "" "${I[@]}" -C / echo ok)'
	works "with ignored signals" 'trap "" TERM INT HUP PIPE CHLD; "${I[@]}" -C / echo ok'
	works "with TMPDIR that does not exist" 'TMPDIR=/no/such "${I[@]}" -C / echo ok'
	works "with XDG_RUNTIME_DIR that does not exist" 'XDG_RUNTIME_DIR=/no/such "$I" --quiet -C / echo ok'

	works "in a directory that was removed" 'mkdir gone; cd gone; rmdir ../gone; "${I[@]}" echo ok'
	says "... not with --here" 125 "--here: cannot use the working directory: No such file or directory" \
		'mkdir gone; cd gone; rmdir ../gone; "${I[@]}" --here pwd'
	says "... nor with a relative path" 125 '--volume: Volume=: not an absolute path or a volume name: "./x"' \
		'mkdir gone; cd gone; rmdir ../gone; "${I[@]}" -v ./x:/srv pwd'
	works "in a directory that cannot be searched" 'mkdir -p shut; cd shut; chmod 0 .; "${I[@]}" echo ok'
	says "... with --here, the command does not start elsewhere" 125 "cannot change to the directory $odd/$label/shut: Permission denied" \
		'chmod 700 shut; cd shut; chmod 0 .; "${I[@]}" --here ls'
	works "... unless -C names another place" 'chmod 700 shut; cd shut; chmod 0 .; "${I[@]}" --here -C / echo ok'
	for limit in 'c 0' 'f 0' 'l 0' 'i 0' 'q 0' 'n 64'; do works "ulimit -$limit" "(ulimit -$limit; exec \${I[@]} -C / echo ok) | cat"; done
	is_sanitized || works "ulimit -s 64" 'ulimit -s 64; "${I[@]}" -C / echo ok'
	for limit in 5 8 12 16; do says "ulimit -n $limit" 125 "*: Too many open files" "ulimit -n $limit; \${I[@]} -C / echo ok"; done
	[ "$label" = root ] || is_sanitized || says "no process is left" 125 "*: Resource temporarily unavailable" \
		'ulimit -u 1; exec "${I[@]}" -C / echo ok'
	verified_start -C /
}

# Without space for the unit's file, systemd says that the unit is not found.
test_full_run() {
	local place=/run
	[ "$label" = root ] || place=/run/user/$(id -u "$TH_USER")
	mount -t tmpfs -o size=64k,mode=777 tmpfs "$place/systemd/transient"
	says "$place is full" 125 "systemd refused to create *.scope: * ($place is full, and systemd keeps the unit there)" \
		"head -c 1M /dev/zero >$place/systemd/transient/fill 2>/dev/null; \${I[@]} -C / echo ok"
	umount "$place/systemd/transient"
	works "... and then has space again" '"${I[@]}" -C / echo ok'
}

# Ids that nothing names. A user without a manager has no unit.
test_ids() {
	as=(setpriv --reuid 4321 --regid 4321 --clear-groups env -u HOME)
	label=root works "a user without a name" '"${I[@]}" -C / echo ok'
	label=root says "... who wants a unit" 125 "--user: isorun cannot reach the user's service manager (isoctl doctor says what to change)" \
		'"${I[@]}" --user -C / echo ok'
	as=(setpriv --regid 4321 --groups "4322,4323")
	label=root works "a group without a name" '"${I[@]}" -C / echo ok'
	as=()
}

# $as: another mount namespace, where this is mounted.
with_mounts() { # script
	as=(unshare -m sh -c "$1; exec \"\$@\"" sh)
}

test_mounts() {
	with_mounts 'mount -t tmpfs -o size=64k,mode=1777 tmpfs /tmp; head -c 1M /dev/zero >/tmp/fill 2>/dev/null'
	works "/tmp is full" '"${I[@]}" -C / sh -c "echo text >/tmp/file && echo ok"'
	says "... for a record, too" 0 "cannot write */tmp/*: No space left on device" '"${I[@]}" -C / --record /tmp/record.conf true 2>&1 |
		grep -v "denied nothing" >&2'
	with_mounts "mount --bind $odd/$label $odd/$label; mount -o remount,bind,nosuid,noexec $odd/$label"
	works "a home that is noexec can be shown" '"${I[@]}" --here sh -c "read -r line <echo && echo ok"'
	says "... its programs do not start" 126 "./echo: its file system is mounted noexec" '"${I[@]}" --here ./echo'
	works "... and its scripts can be read" '"${I[@]}" --here sh -c ". ./echo" | sed s/wrong/ok/'
	as=()
	says "a place that the policy makes noexec" 126 "*" '"${I[@]}" --here -p MemoryDenyWriteExecute=yes ./echo'
}

as=()
as_everybody test_callers
as_everybody test_mounts
as_everybody test_full_run
who=()
test_ids
# What is not PID 1 there is no systemd to isorun either.
as=(unshare -m -p -f --mount-proc sh -c 'mount -t tmpfs tmpfs /run; exec "$@"' sh)
label=root
works "PID 1 is no systemd" '"${I[@]}" -C / echo ok'
says "... which is said where a limit is asked for" 125 "-p: MemoryMax=: *" '"${I[@]}" -p MemoryMax=64M -C / echo ok'
rm -r $odd
