#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the root can be made of: volumes by name, overlays, filtered views, files of the policy's own, roots of each kind.
. "$(dirname "$0")/../lib.sh"

policy() { # text of [Sandbox]
	printf '[Policy]\nBase=default\n[Sandbox]\n%s\n' "$1" >"$tmp/test.conf"
}

# A directory of the caller's own, with a file "what" that holds its name.
make_data() {
	mkdir -p "$tmp/$label-$1/sub"
	echo "$1" >"$tmp/$label-$1/what"
	echo key >"$tmp/$label-$1/a.key"
	echo "[glob]" >"$tmp/$label-$1/sub/b.key"
	[ -z "${owner-}" ] || chown -R "$owner:" "$tmp/$label-$1"
	echo "$tmp/$label-$1"
}

test_names() {
	local one two tables=/etc/isorun/volumes.d
	one=$(make_data one) two=$(make_data two)
	policy $'Volume=data:/srv/data'

	refused "a name that nothing is bound to" \
		"$tmp/test.conf:4: Volume=: the name data is not bound to a path: use isorun --bind data=PATH, or write data=PATH into *" \
		--policy "$tmp/test.conf" true
	prints "--bind" one --bind "data=$one" --policy "$tmp/test.conf" cat /srv/data/what
	prints "another binding is another world" two --bind "data=$two" --policy "$tmp/test.conf" cat /srv/data/what
	prints "the last --bind counts" two --bind "data=$one" --bind "data=$two" --policy "$tmp/test.conf" cat /srv/data/what
	prints "it is writable as the policy has it" ok --bind "data=$one" --policy "$tmp/test.conf" \
		sh -c 'echo x >/srv/data/written && echo ok'
	box --bind "data=$one:ro" --policy "$tmp/test.conf" sh -c 'echo x >/srv/data/written2'
	like "$label: who binds can narrow" "$err" "*Read-only file system*"
	run "${who[@]}" env -C "$one" "$isorun" --quiet "${mode[@]}" --bind data=sub --policy "$tmp/test.conf" ls /srv/data
	is "$label: a relative path is meant from here" "$out" b.key
	refused "--bind of a name that is not asked for" "--bind: dta: the policy has no Volume= or RootDirectory= with this name" \
		--bind "dta=$one" true
	refused "... or that is none" '--bind: not the name of a volume: "../x"' --bind ../x=/tmp --policy "$tmp/test.conf" true
	refused "... or has nothing" '--bind: not NAME=SOURCE: "data"' --bind data --policy "$tmp/test.conf" true
	refused "... or an unknown option" '--bind: data=: unknown option: "suid"' --bind "data=$one:suid" --policy "$tmp/test.conf" true
	refused "a bound path that does not exist" "$tmp/test.conf:4: Volume=: $one/no: No such file or directory" \
		--bind "data=$one/no" --policy "$tmp/test.conf" true

	no_refusal prints "-v takes a name" one --bind "data=$one" -v data:/mnt:ro cat /mnt/what
	policy $'Volume=?data:/srv/data'
	no_refusal shell "Volume=?: without" "" --policy "$tmp/test.conf" 'ls -A /srv'
	prints "Volume=?: with" one --bind "data=$one" --policy "$tmp/test.conf" cat /srv/data/what
	policy $'Volume=a/b:/srv/data'
	refused "a name with a slash" "$tmp/test.conf:4: Volume=: not an absolute path or a volume name: \"a/b\"" --policy "$tmp/test.conf" true
	policy $'Volume=..:/srv/data'
	refused "a name of dots" "$tmp/test.conf:4: Volume=: not an absolute path or a volume name: \"..\"" --policy "$tmp/test.conf" true

	policy $'Volume=data:/srv/data'
	mkdir -p "$home/.config/isorun/volumes.d"
	printf '[Volumes]\ndata=%s\n' "$one" >"$home/.config/isorun/volumes.d/mine.conf"
	prints "a user's table" one --policy "$tmp/test.conf" cat /srv/data/what
	prints "--bind comes before it" two --bind "data=$two" --policy "$tmp/test.conf" cat /srv/data/what
	box --policy "$tmp/test.conf" --dry-run --verbose true
	like "$label: the plan shows path and name" "$out" "*/srv/data*writable $one (data)*"
	printf '[Volumes]\ndata=relative\n' >"$home/.config/isorun/volumes.d/mine.conf"
	refused "a mistake in a table" "$home/.config/isorun/volumes.d/mine.conf:2: data=: not an absolute path: \"relative\"" \
		--policy "$tmp/test.conf" true
	no_refusal prints "... does not matter to who has no names" ok echo ok
	printf '[Volume]\ndata=/x\n' >"$home/.config/isorun/volumes.d/mine.conf"
	refused "an unknown section" "$home/.config/isorun/volumes.d/mine.conf:2: data=: unknown section \[Volume\]*" --policy "$tmp/test.conf" true
	rm "$home/.config/isorun/volumes.d/mine.conf"
	if [ -w /etc ]; then
		mkdir -p $tables
		printf '[Volumes]\ndata=%s\n' "$one" >$tables/10.conf
		prints "the host's table" one --policy "$tmp/test.conf" cat /srv/data/what
		printf '[Volumes]\ndata=%s:ro\n' "$two" >$tables/20.conf
		prints "... a later file's line counts" two --policy "$tmp/test.conf" cat /srv/data/what
		printf '[Volumes]\ndata=%s\n' "$one" >"$home/.config/isorun/volumes.d/mine.conf"
		prints "... and the user's over it" one --policy "$tmp/test.conf" cat /srv/data/what
		rm -r $tables "$home/.config/isorun/volumes.d/mine.conf"
	else
		skip "$label: the host's table" "/etc is not writable"
	fi
}

test_fds() {
	local one
	one=$(make_data fds)
	run "${who[@]}" sh -c '"$@" 7<'"$one" x "$isorun" --quiet "${mode[@]}" --bind data=fd:7 -v data:/mnt:ro cat /mnt/what
	is "$label: an fd handed over" "$out" fds
	run "${who[@]}" sh -c '"$@" 7<'"$one" x "$isorun" --quiet "${mode[@]}" --bind data=fd:7 -v data:/mnt:ro ls /proc/self/fd
	is "$label: ... which is not open inside" "$out" $'0\n1\n2\n3'
	run "${who[@]}" sh -c '"$@" 7<'"$one/what" x "$isorun" --quiet "${mode[@]}" --bind data=fd:7 -v data:/mnt/f:ro cat /mnt/f
	is "$label: ... of a file" "$out" fds
	# shellcheck disable=SC2016
	run "${who[@]}" unshare -Urm bash -c 'exec 7<"$1"; mount -t tmpfs none "$1"; exec "${@:2}"' x "$one" \
		"$isorun" --quiet --no-scope --bind data=fd:7 -v data:/mnt:ro ls /mnt
	is "$label: ... whose path leads to something else by now" "$status $err" \
		"125 isorun: --volume: Volume=: data is bound to fd 7, which is no longer at $one"
	refused "an fd that is none" '--volume: Volume=: data is bound to fd 99: Bad file descriptor' --bind data=fd:99 -v data:/mnt true
	refused "... not even a number" '--bind: data=: not the number of a file descriptor: "x"' --bind data=fd:x -v data:/mnt true
	run "${who[@]}" sh -c 'mkdir '"$one/gone"'; exec 7<'"$one/gone"'; rmdir '"$one/gone"'; "$@"' x "$isorun" --quiet "${mode[@]}" \
		--bind data=fd:7 -v data:/mnt true
	like "$label: an fd of what is not there any more" "$status $err" "125 *data is bound to fd 7, which is no longer at *"
	# A mount that is attached nowhere.
	run "${who[@]}" unshare -U --map-current-user --keep-caps -m --propagation=private /usr/bin/python3 -c '
import ctypes, os, sys
c = ctypes.CDLL(None, use_errno=True)
fd = c.syscall('"$(call_number open_tree)"', -100, sys.argv[1].encode(), 1)
assert fd >= 0, ctypes.get_errno()
os.set_inheritable(fd, True)
os.execv(sys.argv[2], [sys.argv[2], "--quiet", "--no-scope", "--bind", "data=fd:%d" % fd, *sys.argv[3:]])' \
		"$one" "$isorun" -v data:/mnt:ro sh -c 'cat /mnt/what; grep -c " /mnt ro,nosuid,nodev" /proc/self/mountinfo'
	if [ "$label" = root ]; then
		skip "$label: a detached mount" "root of another user namespace"
	else
		is "$label: a detached mount" "$out" $'fds\n1'
	fi
}

test_overlay() {
	local one
	one=$(make_data overlay)
	if ! grep -q overlay /proc/filesystems; then
		refused "an overlay" "*Volume=: cannot make an overlay of *No such device*" -v "$one:/mnt:overlay" true
		skip "$label: overlays" "this kernel has none"
		return
	fi
	no_refusal prints "an overlay is written in memory" $'new\nold\nsub' -v "$one:/mnt:overlay" \
		sh -c 'echo new >/mnt/what; rm /mnt/a.key; mkdir /mnt/dir; rmdir /mnt/dir; mv /mnt/what /mnt/new; echo old >/mnt/old; ls /mnt'
	also is "$label: ... and vanishes" "$(ls "$one")" $'a.key\nsub\nwhat'
	also is "$label: ... all of it" "$(cat "$one/what")" overlay
	box -v "$one:/mnt:overlay,size=1M" sh -c 'head -c 2M /dev/zero >/mnt/x'
	like "$label: its size is limited" "$err" "*No space left*"
	no_refusal prints "who binds can make it an overlay" written --bind "data=$one:overlay" -v data:/mnt \
		sh -c 'echo written >/mnt/what; cat /mnt/what'
	also is "$label: ... and keeps the data" "$(cat "$one/what")" overlay
	refused "an overlay of a file" "*is a file: only a directory can be an overlay" -v "$one/what:/mnt:overlay" true
	refused "a read-only overlay" '*"overlay" cannot be combined with "ro"' -v "$one:/mnt:overlay,ro" true
	refused "an overlay that the kernel refuses, with its reason" \
		"*cannot make an overlay of /proc/sys/kernel (overlay: filesystem on * not supported): Invalid argument" \
		-v /proc/sys/kernel:/mnt:overlay true
	refused "a size without overlay" '*"size=" limits an overlay'\''s memory and needs the option "overlay"*' -v "$one:/mnt:size=1M" true
}

# With the driver behind it, an open file of it answers: a read waits for a mount, and fails with EPERM before that.
test_fuse() {
	local read='exec 3<>/dev/fuse && echo opened; dd bs=8192 count=1 <&3 2>&1 | sed -n "s/.*error reading.*: //p"'
	if ! has_fuse; then
		skip "$label: /dev/fuse" "this kernel has none"
		return
	fi
	chmod 666 /dev/fuse
	no_refusal shell "/dev/fuse is opened with dev" $'opened\nOperation not permitted' -v /dev/fuse:/dev/fuse:dev "$read"
	shell "... not without" "no" -v /dev/fuse:/dev/fuse '[ -c /dev/fuse ] && { (: <>/dev/fuse) 2>/dev/null || echo no; }'
}

# A device of the host, in /dev and elsewhere. Its node cannot be changed.
test_devices() {
	local at
	for at in /dev/isorun-test /mnt/zero; do
		no_refusal prints "a volume with dev has a device, at $at" "0000" -v "/dev/zero:$at:dev" \
			sh -c "head -c2 $at | od -An -tx1 | tr -d ' '; echo x >$at"
		also no_refusal is "$label: ... which can be written" "$status $err" "0 "
		shell "without dev it cannot be opened, at $at" "no read no write" -v "/dev/zero:$at" \
			"[ -c $at ] && { head -c1 $at || echo -n 'no read '; (echo x >$at) || echo no write; } 2>/dev/null"
	done
	test_fuse
	shell "... nor can its node be changed" "-rw-rw-rw-" -v "/dev/zero:/mnt/zero:dev" \
		'chmod 600 /mnt/zero 2>/dev/null; stat -c %A /mnt/zero | sed s/c/-/'
	shell "a directory with dev" "0 refused" -v /dev:/mnt:dev \
		'head -c1 /mnt/zero | od -An -tx1 | sed "s/ 0//" | tr "\n" " "; touch /mnt/x 2>/dev/null || echo refused'
	shell "... without" "refused" -v /dev:/mnt 'head -c1 /mnt/zero 2>/dev/null || echo refused'
	run "${who[@]}" "$isorun" "${mode[@]}" -v /dev/zero:/mnt/zero:ro true
	like "$label: a device without dev is said" "$status $err" "0 *notice: --volume: Volume=: devices of /dev/zero cannot be opened without the option dev: /dev/zero:/mnt/zero:dev*"
	box --dry-run --verbose -v /dev/zero:/mnt/zero:dev true
	like "$label: the plan shows devices" "$out" "*/mnt/zero *read-only /dev/zero, devices*"
	refused "a binding cannot add devices" '*"dev" can be set only by the policy*' --bind data=/dev/zero:dev -v data:/mnt/zero true
	refused "devices in an overlay" '*"dev" cannot be combined with*' -v /dev:/mnt:dev,overlay true
}

# Nodes of graphics cards, for which this machine has no driver: to open one gives ENXIO where it is allowed.
test_gpu() {
	local policies=$home/.config/isorun/policies node=/dev/dri/renderD128 card=/dev/nvidia0
	local try="for d in $node $card; do (: <\$d) 2>&1 | sed 's/.*: //'; done"
	mkdir -p "$policies/small.conf.d"
	cp -r "$top"/policies/gpu.conf* "$policies/"
	ln -sf ../gpu.conf.d/gpu.conf "$policies/small.conf.d/gpu.conf"
	printf '[Sandbox]\nUMask=077\n' >"$policies/small.conf"
	[ -e /dev/dri ] || [ -e /dev/kfd ] || [ -e /dev/nvidiactl ] ||
		{ mkdir -p /dev/dri && mknod -m 666 $node c 226 128 && mknod -m 666 $card c 195 0; } 2>/dev/null
	if [ "$(sh -c "$try" 2>&1)" != $'No such device or address\nNo such device or address' ]; then
		skip "$label: a graphics card" "no nodes can be made, or they have a driver"
		return
	fi
	for policy in gpu small; do
		no_refusal shell "policy $policy: the devices of a card reach the driver" \
			$'No such device or address\nNo such device or address' \
			"${device_allow[@]}" --policy $policy "$try"
		no_refusal shell "policy $policy: what tells a card's kind is there, but not serial numbers" "char" --policy $policy \
			'ls /sys/dev | grep char; find /sys/devices/virtual/dmi -mindepth 1 2>/dev/null; touch /sys/devices/x 2>/dev/null && echo made'
	done
	run "${who[@]}" "$isorun" "${mode[@]}" --policy gpu true
	unlike "$label: ... with no word about hardware that is missing" "$status $err" "*no device that*"
	rm -rf /dev/dri $card
	run "${who[@]}" "$isorun" "${mode[@]}" --policy gpu true
	like "$label: a machine without a card: that is said, and is no error" "$status $err" \
		"0 *gpu.conf.d/gpu.conf:*: BindPaths=: no device that the policy would show exists on this machine, such as /dev/dri*"
	box --policy default ls -d /dev/dri /sys/devices
	like "$label: another policy has none of it" "$status $out" "2 "
}

test_filtered() {
	local one
	one=$(make_data filtered)
	prints "hide=" "filtered" -v "$one:/mnt:ro,hide=*.key" sh -c 'cat /mnt/what; cat /mnt/a.key 2>/dev/null'
	prints "... in a directory" "key" -v "$one:/mnt:ro,hide=*/*.key" sh -c 'cat /mnt/a.key; cat /mnt/sub/b.key 2>/dev/null'
	shell "... a whole directory, and two patterns that meet" filtered -v "$one:/mnt:ro,hide=s*,hide=*b,hide=*.key" \
		'cat /mnt/what; ls /mnt/sub 2>/dev/null; cat /mnt/sub/b.key /mnt/a.key 2>/dev/null'
	shell "who binds can hide" key --bind "data=$one:ro,hide=what" -v data:/mnt 'cat /mnt/a.key /mnt/what 2>/dev/null'
	refused "hide= in a writable volume" '*"hide=" needs the option ro or overlay*' -v "$one:/mnt:hide=*.key" true
	refused "hide= that leaves the volume" '*not a pattern relative to the volume (such as *.key): "../x"' -v "$one:/mnt:ro,hide=../x" true
}

# Directories that isorun cannot list, or not even search. As root it can; as a user it hides them as a whole.
test_filtered_blind() {
	local dir=$tmp/blind-$label owner notice="is hidden as a whole, because isorun cannot search it for"
	mkdir -p "$dir"/{open,passable,closed,.dot}
	echo key | tee "$dir"/a.key "$dir"/{open,passable,closed,.dot}/a.key >/dev/null
	echo text >"$dir/passable/text"
	chmod 711 "$dir/passable"
	chmod 700 "$dir/closed"
	no_refusal prints "what the next checks hide can be read otherwise" $'key\nkey\ntext' -v "$dir:/mnt:ro" \
		cat /mnt/open/a.key /mnt/passable/a.key /mnt/passable/text
	# promise P8
	shell "hide= also finds the files of a directory that cannot be listed, and in hidden directories" "" \
		-v "$dir:/mnt:ro,hide=*/*.key" 'cat /mnt/*/a.key /mnt/passable/a.key /mnt/closed/a.key /mnt/.dot/a.key 2>/dev/null'
	shell "... or of one that cannot be searched" "" -v "$dir:/mnt:ro,hide=closed/a.key" 'cat /mnt/closed/a.key 2>/dev/null'
	shell "... and hides only a file whose name it knows" text -v "$dir:/mnt:ro,hide=passable/a.key" \
		'cat /mnt/passable/text /mnt/passable/a.key 2>/dev/null'
	if [ "$label" = user ]; then
		run "${who[@]}" "$isorun" "${mode[@]}" -v "$dir:/mnt:ro,hide=*/*.key" true
		like "$label: a directory that is hidden as a whole is named" "$err" \
			"*: /mnt/passable $notice \*/\*.key: Permission denied*"
		chmod 711 "$dir"
		# promise P8
		refused "hide= in a volume that cannot be listed" "*cannot search /mnt for \*.key: Permission denied" \
			-v "$dir:/mnt:ro,hide=*.key" true
		prints "... hides a file whose name it knows" key -v "$dir:/mnt:ro,hide=a.key" \
			sh -c 'cat /mnt/a.key /mnt/open/a.key 2>/dev/null'
	fi
	if ! has_private_ids; then
		skip "$label: hide= with other ids" "no subordinate ids"
		return
	fi
	chmod 755 "$dir"
	owner=$(first_subuid "$([ "$label" = user ] && echo "$TH_USER" || echo root)")
	chown "$owner:$owner" "$dir"/closed{,/a.key}
	no_refusal prints "a directory that only the payload can search" key -p PrivateUsers=full -v "$dir:/mnt:ro" cat /mnt/closed/a.key
	shell "... is hidden as a whole" "" -p PrivateUsers=full -v "$dir:/mnt:ro,hide=closed/a.key" \
		'cat /mnt/closed/a.key 2>/dev/null'
}

# A mount that a volume leaves out covers files that are not visible on the host, but inside. In a user namespace, the
# kernel refuses such a volume.
test_filtered_covered() {
	local dir=$tmp/covered-$label mode=("${mode[@]}" -p PrivateUsers=no)
	[ "$label" = root ] || return
	mkdir -p "$dir/sub"
	echo key >"$dir/sub/a.key"
	chmod -R a+rX "$dir"
	mount -t tmpfs none "$dir/sub"
	prints "a file under a mount that the volume leaves out" key -v "$dir:/mnt:ro,norbind" cat /mnt/sub/a.key
	also shell "... is hidden with the place of the mount" "" -v "$dir:/mnt:ro,norbind,hide=*/*.key" \
		'cat /mnt/sub/a.key 2>/dev/null'
	refused "InaccessiblePaths= of such a file" \
		"*/mnt/sub/a.key is below a mount of the host that /mnt leaves out, so isorun cannot see what is there" \
		-v "$dir:/mnt:ro,norbind" -p InaccessiblePaths=-/mnt/sub/a.key true
	umount "$dir/sub"
}

test_synthetic() {
	local dir
	box -p "InaccessiblePaths=/run /var" ls /run /var/lib
	like "$label: /run and /var can be hidden" "$err" "*/var/lib*Permission denied*/run*Permission denied*"
	box -p "InaccessiblePaths=/run /var" -p File=/var/lib/x/file:here sh -c 'cat /var/lib/x/file; ls /var; mkdir /var/x'
	is "$label: ... but for what the policy puts there" "$out" here
	like "$label: ... and nothing can be seen or made beside it" "$err" "*/var*Permission denied*/var/x*"
	no_refusal prints "the host's /var can be shown as it is" "$(ls /var)" -v /var:/var:ro ls /var
	prints "File= and its escapes" $'a b\tc 100%\nd' -p 'File=/etc/motd:a b\tc 100%%\nd' cat /etc/motd
	prints "... where there is nothing" here -p File=/new/file:here cat /new/file
	box -p File=/etc/motd:x sh -c 'echo y >/etc/motd || rm /etc/motd'
	like "$label: ... is read-only" "$err" "*/etc/motd*Read-only file system*"
	refused "a file on a directory" '-p: File=: /etc is a directory*' -p File=/etc:x true
	refused "an unknown escape" '-p: File=: unknown escape sequence: "\\q"' -p 'File=/x:\q' true
	prints "Directory= and Symlink=" "/new/dir 755" -p "Directory=/new/dir /etc" -p Symlink=/new/link:dir \
		sh -c 'echo $(readlink -f /new/link) $(stat -c %a /new/dir)'
	refused "a symlink on what is there" '-p: Symlink=: /etc/passwd already exists' -p Symlink=/etc/passwd:x true

	echo loaded >"$tmp/secret-$label"
	chmod 600 "$tmp/secret-$label"
	[ -z "${owner-}" ] || chown "$owner" "$tmp/secret-$label"
	prints "credentials" $'set\nloaded\n500 400' -p 'SetCredential=a:set\n' -p "LoadCredential=b:$tmp/secret-$label" \
		sh -c 'cd $CREDENTIALS_DIRECTORY; cat a b; echo $(stat -c %a . b); touch c 2>/dev/null'
	run "${who[@]}" env CREDENTIALS_DIRECTORY="$tmp" "$isorun" --quiet "${mode[@]}" -p "LoadCredential=x:secret-$label" \
		sh -c 'cat $CREDENTIALS_DIRECTORY/x'
	is "$label: a service's own credential is handed on" "$out" loaded
	# promise P41
	prints "the command line of isorun is not seen inside" $'isorun\nhush' -p 'SetCredential=a:hush' \
		sh -c 'tr "\0" "\n" </proc/1/cmdline | grep .; cat "$CREDENTIALS_DIRECTORY/a"'
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -p 'SetCredential=a:the hunter3' -p SetCredential=b:hunter3 sh -c 'echo in; exec sleep 4720' \
		>"$tmp/hush" 2>/dev/null </dev/null &
	await grep -q in "$tmp/hush"
	# promise P41
	also is "$label: a credential of the command line is not seen outside" \
		"$(grep -ac 'SetCredential=b:xxxxxxx' "/proc/$(first_pid "^$isorun .*sleep 4720")/cmdline") $(grep -al 'hunter[3]' /proc/[0-9]*/cmdline 2>/dev/null | wc -l)" "1 0"
	kill "$(first_pid '^sleep 4720$')"
	wait $!
	box -p 'SetCredential=a:hush' --dry-run --verbose env
	like "$label: the plan shows a credential" "$status $out" "0 */a *"
	also unlike "$label: ... and not what it holds" "$out" "*hush*"
	refused "a credential with a slash" '-p: SetCredential=: not the name of a credential: "a/b"' -p SetCredential=a/b:c true
	dir=$(make_data cred)
	refused "a credential that is a directory" "-p: LoadCredential=: $dir is a directory, not a file" -p "LoadCredential=x:$dir" true
	head -c 1100000 /dev/zero >"$tmp/large"
	refused "a credential that is too large" "-p: LoadCredential=: cannot read $tmp/large: File too large" -p "LoadCredential=x:$tmp/large" true
}

# A root with busybox and nothing else.
make_tree() {
	mkdir -p "$1"/{bin,etc,proc,dev,tmp,run,var/tmp}
	cp /bin/busybox "$1/bin/"
	ln -sf busybox "$1/bin/sh"
	echo "${1##*/}" >"$1/etc/name"
}

test_roots() {
	local tree=$tmp/tree-$label top=$tmp/top-$label
	make_tree "$tree"
	mkdir -p "$top/bin" "$top/etc/new"
	echo top >"$top/etc/name"
	ln -s /bin/busybox "$top/bin/echo"
	mkdir -p "$tmp/three-$label/etc"
	echo yes >"$tmp/three-$label/etc/three"
	ln -s ../../../../etc "$tree/up"
	ln -s loop "$tree/loop"

	prints "a directory tree" "${tree##*/}" --root "$tree" sh -c 'busybox cat /etc/name'
	box --root "$tree" sh -c 'busybox touch /x /etc/x'
	like "$label: ... is read-only" "$err" "*/x: Read-only*/etc/x: Read-only*"
	refused "a root that does not exist" "--root: RootDirectory=: $tree/no: No such file or directory" --root "$tree/no" true
	box --root "$tree" /usr/bin/python3
	like "$label: a root without the program" "$status $err" "127 isorun: /usr/bin/python3: command not found"
	box --root "$tree" -v "$tmp/tree-$label:/up/x" true
	like "$label: a destination through a symlink that leaves the root" "$status $err" \
		"125 *Volume=: /up/x: a symlink in this path leads out of the root"
	refused "... through a loop" "*Volume=: /loop/x: Too many levels of symbolic links" --root "$tree" -v "$tmp:/loop/x" sh
	refused "a destination that is a file" "*Volume=: /etc/name is a file, but $tmp is a directory" --root "$tree" -v "$tmp:/etc/name" sh
	ln -s "$tree/loop" "$tmp/loop-$label"
	refused "a source that is a loop" "*Volume=: $tmp/loop-$label: Too many levels of symbolic links" -v "$tmp/loop-$label:/mnt" true

	if [ "$label" = root ]; then
		mkdir -p "$tmp/host"
		run unshare -m sh -c 'mount --bind / "$1" && shift && "$@"' sh "$tmp/host" "$isorun" --quiet --no-scope "${mode[@]}" \
			--root "$tmp/host" stat -fc %T /var /boot /sys /home
		is "$label: the host's root by another path is hidden as much" "$out" $'tmpfs\ntmpfs\ntmpfs\ntmpfs'
	fi

	policy $'RootDirectory=base'
	prints "a root by name" "${tree##*/}" --policy "$tmp/test.conf" --bind "base=$tree" sh -c 'busybox cat /etc/name'
	refused "... that is bound to nothing" "$tmp/test.conf:4: RootDirectory=: the name base is not bound to a path*" --policy "$tmp/test.conf" sh
	prints "the policy's root on the command line" "${tree##*/}" --root base --bind "base=$tree" sh -c 'busybox cat /etc/name'

	if grep -q overlay /proc/filesystems; then
		prints "two directories stacked" $'top\nbusybox echo sh' --root "$tree:$top" /bin/sh -c \
			'busybox cat /etc/name; echo $(busybox ls /bin)'
		no_refusal prints "... a command of the lower one by a link of the upper one" ok --root "$tree:$top" /bin/echo ok
		box --root "$tree:$top" /bin/sh -c 'busybox touch /etc/x /new'
		like "$label: ... are read-only" "$err" "*/etc/x: Read-only*/new: Read-only*"
		no_refusal prints "... and take a volume in both" "top" --root "$tree:$top" -v "$top:/etc/new" -v "$top:/made" \
			/bin/sh -c 'busybox cat /made/etc/name'
		prints "three" $'top\nyes' --root "$tree:$top:$tmp/three-$label" /bin/sh -c 'busybox cat /etc/name; busybox cat /etc/three 2>/dev/null'
	else
		skip "$label: directories stacked" "this kernel has no overlayfs"
	fi
}

# A program that needs a library and an interpreter: OUT LIBRARY [INTERPRETER].
cat >"$tmp/make-elf.py" <<'PY'
import os, struct, sys
library = sys.argv[2].encode() + b"\0"
interpreter = sys.argv[3].encode() + b"\0" if len(sys.argv) > 3 else None
headers = 64 + 3 * 56
dynamic = struct.pack("<6Q", 5, headers + 48, 1, 0, 0, 0) # DT_STRTAB, DT_NEEDED, DT_NULL
tail = dynamic + library + (interpreter or b"")
def header(type, offset, size):
    return struct.pack("<IIQQQQQQ", type, 5, offset, offset, offset, size, size, 8)
with open(sys.argv[1], "wb") as f:
    f.write(b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0))
    f.write(header(1, 0, headers + len(tail)) + header(2, headers, 48))
    f.write(header(3 if interpreter else 0, headers + 48 + len(library), len(interpreter or b"")) + tail)
os.chmod(sys.argv[1], 0o755)
PY

# A file of 256 MiB, nearly all of them holes, that are its table of sections or its dynamic section: KIND OUT.
cat >"$tmp/make-huge-elf.py" <<'PY'
import os, struct, sys
size = 1 << 28
sections = sys.argv[1] == "sections"
with open(sys.argv[2], "wb") as f:
    f.write(b"\x7fELF\2\1\1".ljust(16, b"\0") +
            struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 4096 * sections, 0, 64, 56, 2, 64, 0, 0))
    f.write(struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096))
    f.write(struct.pack("<IIQQQQQQ", 0 if sections else 2, 5, 8192, 8192, 8192, size - 8192, size - 8192, 8))
    f.seek(4096)
    f.write(struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, (size - 8192) // 64, 0, 0, 0, 0))
    f.seek(8192)
    f.write(struct.pack("<6Q", 5, 0x100000, 1, 1, 1, 2))
    f.truncate(size)
os.chmod(sys.argv[2], 0o755)
PY

test_bare_root() {
	local name
	rm -rf "$tmp/work"
	mkdir -p "$tmp/work"
	prints "none: a static binary is there alone" $'bin\ndev\nproc\nrun\ntmp\nvar' --root none /bin/busybox ls /
	box --root none /bin/busybox touch /x /bin/x
	also like "$label: ... read-only" "$err" "*/x: Read-only*/bin/x: Read-only*"
	box --root none /usr/bin/env true
	like "$label: ... a dynamic one says what it needs" "$status $err" \
		"127 isorun: /usr/bin/env needs /lib64/ld-linux-x86-64.so.2, which does not exist in the sandbox (BindLibraries=yes adds it and the libraries)"
	no_refusal prints "BindLibraries=yes" "ok" --root none -p BindLibraries=yes /usr/bin/printf ok
	box --root none -p BindLibraries=yes ls -R /usr /lib /lib64 /etc
	is "$label: ... binds no more than is needed" "$(grep -cE '\.so|^ls$' <<<"$out")" \
		"$(($(ldd /usr/bin/ls | grep -c '=> /\|ld-linux') + 2))" # and ls itself, and the cache
	printf '#!/usr/bin/cat\nscript\n' >"$tmp/work/script"
	chmod 755 "$tmp/work/script"
	no_refusal prints "... of a script's interpreter" $'#!/usr/bin/cat\nscript' --root none -p BindLibraries=yes "$tmp/work/script"
	echo secret >"$tmp/work/secret"
	mkfifo "$tmp/work/fifo"
	printf '#!%s/work/secret\n' "$tmp" >"$tmp/work/script"
	refused "... of a script, which names what is no program" "*$tmp/work/secret: Permission denied" \
		--root none -p BindLibraries=yes "$tmp/work/script"
	for name in secret fifo; do
		python3 "$tmp/make-elf.py" "$tmp/work/needs" "$tmp/work/$name"
		refused "... of a program, which names a $name" \
			"*$tmp/work/needs needs $tmp/work/$name, which was not found" --root none -p BindLibraries=yes "$tmp/work/needs"
		python3 "$tmp/make-elf.py" "$tmp/work/needs" libc.so.6 "$tmp/work/$name"
		refused "... whose interpreter is a $name" "*$tmp/work/needs: the interpreter it names is not a program" \
			--root none -p BindLibraries=yes "$tmp/work/needs"
	done
	for name in sections dynamic; do
		python3 "$tmp/make-huge-elf.py" "$name" "$tmp/work/huge"
		run "${who[@]}" python3 -c 'import resource, subprocess, sys
print(subprocess.run(sys.argv[1:]).returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 400000)' \
			"$isorun" --quiet "${mode[@]}" --root none -p BindLibraries=yes "$tmp/work/huge"
		is "$label: ... of a program that says that it has far too many $name takes little memory" "$out $err" \
			"125 True isorun: -p: BindLibraries=: $tmp/work/huge: Bad message"
	done
	refused "BindLibraries= for another root" "-p: BindLibraries=: works only with RootDirectory=none" -p BindLibraries=yes true
	prints "files of the policy's own" "hello" --root none -p 'File=/etc/greeting:hello' /bin/busybox cat /etc/greeting
	refused "none as a layer" '*"none" cannot be one of several layers*' --root "none:$tmp" true
}

put() { # file, offset, bytes as for printf
	# shellcheck disable=SC2059 # $3 is the format
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

attached_images() { losetup --noheadings --output BACK-FILE | grep -F "$tmp/"; }

# Images that the kernel refuses, with its reason where it has told one.
test_broken_images() {
	local tree=$1 image=$tmp/broken
	mke2fs -q -t ext4 -d "$tree" "$image" 8M >/dev/null
	put "$image" 1144 X # in the label, which the checksum covers
	refused "an ext4 image with a wrong checksum" \
		"--root: RootDirectory=: cannot mount $image as ext4 (journalctl -k may say why): Bad message" --root "$image" sh
	rm "$image"
	mke2fs -q -t ext4 -O ^metadata_csum "$image" 8M >/dev/null
	put "$image" 1048 '\xff\xff' # s_log_block_size
	refused "an ext4 image with a damaged superblock" \
		"--root: RootDirectory=: cannot mount $image as ext4 (journalctl -k may say why): Invalid argument" --root "$image" sh
	if grep -qw squashfs /proc/filesystems; then
		rm "$image"
		mksquashfs "$tree" "$image" -quiet -noappend >/dev/null
		truncate -s 100K "$image"
		refused "a squashfs image that is cut off" \
			"--root: RootDirectory=: cannot mount $image as squashfs (*): *" --root "$image" sh
		put "$image" 20 '\x09' # the compression
		refused "a squashfs image that is packed in an unknown way" \
			"--root: RootDirectory=: cannot mount $image as squashfs (Filesystem uses \"unknown\" compression*): Invalid argument" \
			--root "$image" sh
	else
		skip "$label: a broken squashfs image" "this kernel has no squashfs"
	fi
	also is "$label: ... and no refused image keeps a loop device" "$(attached_images)" ""
}

test_images() {
	local tree=$tmp/tree-$label image=$tmp/image-$label
	head -c 1M /dev/zero >"$tmp/zero"
	refused "an image that is none" "--root: RootDirectory=: $tmp/zero is neither a directory nor an image of a known file system*" \
		--root "$tmp/zero" true
	put "$tmp/zero" 446 '\0\0\1\0\x83\0\2\0\1\0\0\0\xff\7\0\0' # a partition of Linux's
	put "$tmp/zero" 510 '\x55\xaa'
	refused "an image with partitions" "--root: RootDirectory=: $tmp/zero has a partition table (dos): *" --root "$tmp/zero" true
	mke2fs -q -t ext4 -d "$tree" "$image" 8M >/dev/null
	if [ "$label" != root ]; then
		refused "an image as a user" "--root: RootDirectory=: $image is an image, which only root can mount" --root "$image" sh
		return
	fi
	box --root "$image" sh -c 'busybox cat /etc/name; busybox touch /x'
	if [[ $err = *"no loop device"* ]]; then
		skip "$label: an image" "$err"
		return
	fi
	is "$label: an ext4 image" "$out" "${tree##*/}"
	also like "$label: ... is read-only" "$err" "*/x: Read-only*"
	also is "$label: ... and its loop device is gone" "$(attached_images)" ""
	"$isorun" --quiet "${mode[@]}" --root "$image" sh -c 'exec busybox sleep 61' &
	no_refusal ok "$label: an instance of an image runs" eventually runs '^busybox sleep 61'
	also is "$label: ... and its loop device is there" "$(attached_images)" "$image"
	kill $!
	wait $!
	box --root "$image" no-such-program
	is "$label: ... also after a start that failed" "$status $err $(attached_images)" \
		"127 isorun: no-such-program: command not found "
	test_broken_images "$tree"
	box --bind "base=$image" --root base sh -c 'busybox cat /etc/name'
	is "$label: ... by name" "$out" "${tree##*/}"
	if grep -qw squashfs /proc/filesystems; then
		mksquashfs "$tree" "$image.squashfs" -quiet -noappend >/dev/null
		prints "a squashfs image" "${tree##*/}" --root "$image.squashfs" sh -c 'busybox cat /etc/name'
	else
		skip "$label: a squashfs image" "this kernel has no squashfs"
	fi
}

touching="mkdir|unlink|rename|link|symlink|mknod|f?truncate|f?chmod|[fl]?chown|f?setxattr|mount|umount2|fsopen|fsconfig"
touching+="|fsmount|open_tree|move_mount|mount_setattr|clone3?|unshare|setns|socket|connect|bind|sendto|sendmsg|kill"

# Runs a command, watched: $touched is each system call that does more than look, but for /dev/null.
watch() { # command...
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run "${who[@]}" strace -f -o "$watched/trace" "$@"
	touched=$(grep -E "O_WRONLY|O_RDWR|O_CREAT|/dev/loop|LOOP_|^[0-9]+ +($touching)(at|at2)?\(" "$watched/trace" |
		grep -v '"/dev/null"')
}

# Plans that are only shown, of a root that is an image.
test_unread_image() {
	local image=$tmp/image-$label watched touched notice=
	[ "$label" = root ] ||
		notice="isoctl: notice: $tmp/test.conf:6: RootDirectory=: $image is an image, which only root can mount"
	watched=$(make_data unread)
	printf '%s\n' '[Policy]' Base=default 'Optional=MemoryMax TasksMax' ExecStart=no-such-program '[Sandbox]' \
		"RootDirectory=$image" Volume=/etc:/no/such/place:ro Directory=/etc Symlink=/x:/tmp/link \
		InaccessiblePaths=/nowhere InaccessiblePaths=-/perhaps WorkingDirectory=/none >"$tmp/test.conf"

	watch "$isorun" --quiet --no-scope "${mode[@]}" -v "$watched:/mnt" true
	if [ ! -s "$watched/trace" ] || grep -q 'Operation not permitted' "$tmp/err"; then
		skip "$label: an image that is not read" "no strace"
		return
	fi
	like "$label: a start is seen to touch something" "$status $touched" "0 *move_mount(*"
	also unlike "$label: ... and loads no library for images" "$(cat "$watched/trace")" "*libblkid*"

	watch "$isoctl" explain --verbose "$tmp/test.conf"
	# Without controllers, both also say that limits are not held.
	is "$label: explain of an image touches nothing" "$status $(grep -v ': not enforced: ' <<<"$err") $touched" "0 $notice "
	also like "$label: ... but loads the library that finds its type" "$(cat "$watched/trace")" "*libblkid*"
	is "$label: ... says that it has not read it, and gives each mount its place" "$(sed -n '/^root/,/^$/s/^  \([^ ]*\) *\(.*\)   # .*test.conf:[0-9]*$/\1 \2/p' "$tmp/out")" \
		"/ read-only $image, contents not read
/etc created, mode 0755
/no/such/place read-only /etc
/nowhere inaccessible
/perhaps inaccessible, if it exists
/x symlink to /tmp/link"
	is "$label: ... and leaves the command and the directory as they are" \
		"$(sed -n 's/^  \(executable\|directory\) *\([^ ]*\).*/\2/p' "$tmp/out")" $'no-such-program\n/none'
	watch "$isoctl" explain --json "$tmp/test.conf"
	is "$label: ... also as JSON" "$status $touched $(python3 -c 'import json, sys
print(json.load(sys.stdin)["root"][0]["value"])' <"$tmp/out")" "0  read-only $image, contents not read"
	watch "$isoctl" check "$tmp/test.conf"
	is "$label: check of an image touches nothing" "$status $out$(grep -v ': not enforced: ' <<<"$err") $touched" "0 $notice "
	watch "$isorun" "${mode[@]}" --policy "$tmp/test.conf" --quiet --dry-run --verbose
	like "$label: --dry-run of an image touches nothing" "$status $touched$out" \
		"0 policy*instance*  / *read-only $image, contents not read *"
	if [ "$label" = root ] && losetup --find >/dev/null 2>&1; then
		refused "a start reads it" "*: /nowhere does not exist in the sandbox *" --policy "$tmp/test.conf" -p Symlink= -p WorkingDirectory=/ true
		watch "$isorun" --quiet --no-scope "${mode[@]}" --root "$image" sh -c true
		like "$label: ... and is seen to" "$status $touched" "0 *LOOP_CONFIGURE*"
	fi
	: >"$tmp/empty"
	policy "RootDirectory=$tmp/empty"
	run "${who[@]}" "$isoctl" check "$tmp/test.conf"
	like "$label: check says that a file is no image" "$status $err" \
		"125 isoctl: $tmp/test.conf:4: RootDirectory=: $tmp/empty is neither a directory nor an image *"
}

# The plans in docs/roots.md.
test_docs() {
	if [ "$label" = root ] && [ -w /etc ] && [ -w /var/lib ]; then
		ok "$label: docs/roots.md shows what explain prints" \
			python3 "$top/docs/gen-roots.py" --check "$isoctl" "$top/docs/roots.md"
	else
		skip "$label: docs/roots.md shows what explain prints" "it takes root, and a /var to write to"
	fi
}

# Wherever something can be written at all. A host's own root is read-only, and what lies there others write.
nothing_newer() {
	local places=(/etc /home /tmp /var "$top")
	[ "$TESTHOST" != real ] || places+=(/)
	touch "$tmp/before"
	box -v "$1:/mnt" -v "$1:/made/here:ro" -p File=/etc/motd:x -p Directory=/new sh -c 'echo x >/tmp/x; echo y >/run/y'
	[ "$status" = 0 ] && [ -z "$(find "${places[@]}" -xdev -newer "$tmp/before" -type f -not -path '/proc/*' -not -path '/sys/*' \
		-not -path "$tmp/out" -not -path "$tmp/err" -not -path '/var/log/*' -not -path '/run/*' \
		-not -path '*/meson-logs/*' -print -quit 2>/dev/null)" ]
}

# A whole run, watched: nothing that isorun does makes, changes or removes a file on a disk.
test_stateless() {
	local one
	one=$(make_data watched)
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run "${who[@]}" strace -f -o "$one/trace" -e trace=openat,open,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,setxattr,fsetxattr,openat2 \
		"$isorun" --quiet --no-scope -v "$one:/mnt:ro" -p File=/etc/motd:x true
	if [ ! -s "$one/trace" ] || grep -q 'EPERM.*ptrace\|Operation not permitted' "$tmp/err"; then
		skip "$label: a whole run writes nothing" "no strace"
	else
		no_refusal is "$label: a whole run ends well" "$status" 0
		# Before pivot_root nothing but /proc, /dev/null, and what is relative to a tmpfs made here; by path alone.
		also no_refusal is "$label: ... and opens no file of the host's for writing" "$(grep -E '"/[^"]*"' "$one/trace" |
			grep -E 'O_WRONLY|O_RDWR|O_CREAT|mkdir\(|unlink\(|rename\(|symlink\(|mknod\(|chmod\(|chown\(|setxattr\(' |
			grep -vE '"/(proc/|dev/null|dev/tty)')" ""
	fi
	# Others may write to the machine's disk meanwhile, but not each time.
	patience=30 ok "$label: nothing on the host is newer than the start" eventually nothing_newer "$one"
	prints "/tmp has the size that the policy sets" "1024 65536" -p 'TemporaryFileSystem=/tmp:mode=1777,size=1M' \
		sh -c 'echo $(df -k --output=size /tmp /var/tmp | grep -v blocks)'
}

# Ten thousand mounts of a source that is being swapped for a symlink. Each is of what the plan has seen there (that it
# was a symlink, or that it was none, as strace tells), or the start is refused.
test_race() {
	local tries=${TEST_RACE_TRIES:-10000} per=20 done=0 wrong=0 good=0 refused=0 other=0 dir planned seen i
	dir=$(make_data race)
	run "${who[@]}" mkdir -p "$dir/source" "$dir/elsewhere"
	run "${who[@]}" sh -c "echo source >$dir/source/what; echo link >$dir/elsewhere/what"
	policy "$(for ((i = 10; i < 10 + per; i++)); do echo "Volume=$dir/source:/mnt/$i:ro"; done)"
	"${who[@]}" /usr/bin/python3 -c 'import ctypes, os, random, sys, time
os.chdir(sys.argv[1])
os.symlink("elsewhere", "link")
c = ctypes.CDLL(None)
while os.path.exists("what"):
    c.renameat2(-100, b"source", -100, b"link", 2)
    time.sleep(random.uniform(0, 0.004))' "$dir" &
	while ((done < tries)); do
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run "${who[@]}" strace -o "$dir/trace" -e trace=readlink,readlinkat \
			"$isorun" --quiet --no-scope --policy "$tmp/test.conf" -p "Optional=MemoryMax TasksMax" sh -c 'cat /mnt/*/what'
		planned=$(sed -n "s#.*\"$dir/source\", .* = -1 EINVAL.*#source#p; s#.*\"$dir/source\", \"elsewhere\".*#link#p" "$dir/trace")
		case $status in
		0) if [ "$out" = "$planned" ]; then good=$((good + 1)); else wrong=$((wrong + 1)) seen="$out, planned $planned"; fi ;;
		125) if [[ $err = isorun:*Volume=:* ]]; then refused=$((refused + 1)); else other=$((other + 1)) seen=$err; fi ;;
		*) other=$((other + 1)) seen=$status ;;
		esac
		done=$((done + per))
	done
	"${who[@]}" rm "$dir/what"
	wait $! 2>/dev/null
	is "$label: of $tries mounts of a source that is being swapped none is of another one than was planned" \
		"$wrong $other ${seen-}" "0 0 "
	echo "# $good starts were good, $refused refused"
	# Of few tries it may well be one alone.
	ok "$label: ... and both happened" test "$good" -gt 0 -a $((tries < 1000 ? 1 : refused)) -gt 0
}

# systemd-resolved makes /etc/resolv.conf such a symlink. The sandbox has a /run of its own, where it leads nowhere.
test_link_into_run() {
	local link=/etc/isorun-test-link there=/run/isorun-test-there
	if [ ! -w /etc ] || [ ! -w /run ]; then
		skip "$label: a destination that is a symlink into /run" "no root"
		return
	fi
	mkdir -p "$there"
	echo content >"$there/file"
	ln -s "..$there/file" "$link"
	no_refusal prints "a destination that is a symlink into /run" content -p BindReadOnlyPaths="$link" cat "$link"
	shell "... with all of /run empty but for it" "$there/file" -p BindReadOnlyPaths="$link" 'find /run -type f'
	rm -rf "$link" "$there"
}

test_many() {
	local i
	policy "$(for ((i = 0; i < 10000; i++)); do echo "Volume=/etc/hostname:/mnt/v/$i:ro"; done)"
	shell "10,000 volumes" "10000" --policy "$tmp/test.conf" 'ls /mnt/v | wc -l'
}

# The symlinks of /usr and /etc into /var that lead somewhere here.
var_links() {
	find /usr /etc -xdev -type l -lname '*/var/*' 2>/dev/null | while read -r link; do
		[ ! -r "$link" ] || echo "$link"
	done | sort
}

# A file of each level of /var, and beside each directory that the sandbox shows a part of.
leave_in_var() {
	local dir
	for dir in /var /var/lib /var/cache /var/log /var/spool /var/lib/dpkg-isorun-test /var/cache/postgresql /var/lib/libreoffice; do
		mkdir -p "$dir" && echo secret >"$dir/isorun-test-secret" && chmod 644 "$dir/isorun-test-secret"
	done
}

run_program() { # description, the program, expected output, script
	if command -v "$2" >/dev/null; then
		no_refusal shell "$1" "$3" --policy "$top/policies/default.conf" "$4"
		no_refusal shell "$1, in a build" "$3" --policy "$top/policies/build-c.conf" "$4"
	else
		skip "$label: $1" "no $2"
	fi
}

# src/plan/root/system-data.c, once more: a directory that is added there must be added here.
system_data="cache/dictionaries-common|cache/fontconfig|cache/man|cache/postgresql/dicts|lib/aspell|lib/ca-certificates|\
lib/dpkg|lib/gems|lib/ghc|lib/ghostscript|lib/ispell|lib/libreoffice/share|lib/mecab/dic|lib/sgml-base|lib/texmf|lib/xml-core"

test_system_data() {
	local links data=/var/lib/dpkg
	links=$(var_links)
	no_isorun ok "$label: /usr has links into /var" test -n "$links"
	# shellcheck disable=SC2086
	box sh -c 'for link; do [ ! -r "$link" ] || echo "$link"; done' sh $links
	no_refusal is "$label: ... each leads inside where it leads outside" "$out" "$links"
	run_program "dpkg knows the packages" dpkg-query $'ii \ndpkg: /usr/bin/dpkg-query' \
		"dpkg-query -Wf '\${db:Status-Abbrev}\n' dpkg; dpkg-query -S /usr/bin/dpkg-query"
	run_program "dpkg-checkbuilddeps knows what is missing" dpkg-checkbuilddeps \
		"dpkg-checkbuilddeps: error: Unmet build dependencies: isorun-no-such" \
		'printf "Source: x\nBuild-Depends: dpkg-dev, isorun-no-such\n\nPackage: x\nArchitecture: all\n" >/tmp/control
		dpkg-checkbuilddeps /tmp/control 2>&1'
	run_program "aspell has its dictionaries" aspell helo 'echo hello helo | aspell -d en list'
	run_program "hunspell, too" hunspell helo 'echo hello helo | hunspell -d en_US -l'
	run_program "ghostscript has its fonts" gs ok \
		'gs -q -dBATCH -dNODISPLAY -c "/Identity-H /CMap findresource /CMapName get /Identity-H eq { (ok) = } if quit"'
	run_program "latex makes a page" latex ok 'cd /tmp; mkdir t; cd t
		printf "\\\\documentclass{article}\\\\begin{document}x\\\\end{document}\n" >x.tex
		latex -interaction=batchmode x >/dev/null && [ -s x.dvi ] && echo ok'
	# promise P2
	shell "nothing else of /var is seen" "" "find /var -mindepth 1 -regextype egrep -regex '/var/($system_data)' -prune -o -print |
		grep -vxE '/var/(cache|lib|log|tmp|lock|run|cache/postgresql|lib/libreoffice|lib/mecab)'"
	shell "no file of it can be written, nor made beside one" "" \
		"for f in $data/status $data/info/dpkg.list; do (: >>\$f) 2>/dev/null && echo \$f; done
		touch $data/x 2>/dev/null && echo made; mv $data $data.x 2>/dev/null && echo moved
		sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \(\/var\/[^ ]*\) rw.*/\1/p' /proc/self/mountinfo"
	shell "nor can its locks be taken" "" \
		"for f in $data/lock $data/lock-frontend $data/triggers/Lock; do (: <\$f) 2>/dev/null && echo \$f; done"
	shell "InaccessiblePaths= hides it" "dpkg" -p InaccessiblePaths=$data \
		"ls $data 2>/dev/null; find $data -mindepth 1 2>/dev/null; ls /var/lib | grep -x dpkg"
	shell "... with all of /var" "" -p InaccessiblePaths=/var 'ls /var /var/lib/dpkg 2>/dev/null'
	shell "a directory of the policy's own takes its place" "" -p TemporaryFileSystem=/var/lib "ls -A /var/lib"
	prints "another root has none of it" /var/tmp --root none /bin/busybox find /var -mindepth 1
}

# isorun lets no mount follow symlinks while it makes the root. Afterwards each does what it does outside.
test_nosymfollow() {
	prints "all mounts follow symlinks" 0 sh -c "grep -c nosymfollow /proc/self/mountinfo; :"
	if [ "$label" != root ]; then return; fi
	mkdir -p "$tmp/straight"
	run unshare -m sh -c 'mount -t tmpfs -o nosymfollow none "$1" && ln -s / "$1/link" && shift && "$@"' sh "$tmp/straight" \
		"$isorun" --quiet "${mode[@]}" -v "$tmp/straight:/mnt" \
		sh -c '[ -L /mnt/link ] && ls /mnt/link/; grep -c " /mnt .*nosymfollow" /proc/self/mountinfo'
	no_refusal is "$label: ... but for one of the host's that does not" "$out" 1
}

all() {
	test_names
	test_system_data
	test_fds
	test_overlay
	test_devices
	test_gpu
	test_filtered
	test_filtered_blind
	test_filtered_covered
	test_synthetic
	test_roots
	test_bare_root
	test_images
	test_unread_image
	test_docs
	test_stateless
	test_race
	test_nosymfollow
	test_link_into_run
	test_many
	verified_start
}

mode=(-p "Optional=MemoryMax TasksMax")
[ -S /run/dbus/system_bus_socket ] || mode+=(--no-scope)
cd /tmp || exit
export HOME=$tmp/home
# Without a driver, DeviceAllow= of its name allows nothing.
device_allow=(-p "DeviceAllow=/dev/dri/renderD128 rw" -p "DeviceAllow=/dev/nvidia0 rw")
label=root who=() home=$HOME
[ "$(id -u)" = 0 ] || label=self
[ ! -w /var/lib ] || [ "${TESTHOST-real}" = real ] || leave_in_var
all
if [ "$(id -u)" = 0 ] && [ -n "${TH_USER-}" ]; then
	device_allow=()
	label=user who=("$as_user") owner=$TH_USER home=$(getent passwd "$TH_USER" | cut -d: -f6)
	install -d -o "$TH_USER" "$home/.config" "$home/.config/isorun"
	all
else
	skip "the same as another user" "no user to be"
fi
