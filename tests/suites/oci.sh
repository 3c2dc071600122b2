#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun-oci: what config.json says, with bundles of busybox, run as root.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"

test_process() {
	note=" [no refusal]"
	inside "ids, groups and umask are those of config.json" "uid=1 gid=2 groups=3,4 0027" \
		'process.user={"uid":1,"gid":2,"additionalGids":[3,4],"umask":23}' 'echo "$(busybox id) $(umask)"'
	inside "the host name is set" box 'busybox hostname'
	touch "$tmp/uts"
	unshare --uts="$tmp/uts" true
	inside "a name is set in a joined uts namespace" "joined" hostname='"joined"' \
		"linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\",\"path\":\"$tmp/uts\"}]" 'busybox hostname'
	also is "... which keeps it" "$(nsenter --uts="$tmp/uts" hostname)" joined
	umount "$tmp/uts"
	trap '' HUP USR1 RTMIN+5
	inside "no signal is ignored" 0000000000000000 'busybox awk "/^SigIgn/ { print \$2 }" /proc/self/status'
	trap - HUP USR1 RTMIN+5
	inside "the working directory is made" "/tmp/a/b" root.readonly=false 'process.cwd="/tmp/a/b"' pwd
	inside "limits are set" "100 200" 'process.rlimits=[{"type":"RLIMIT_NOFILE","soft":100,"hard":200},{"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551615}]' \
		'echo $(ulimit -n) $(ulimit -H -n)'
	inside "oom_score_adj is set" 123 'process.oomScoreAdj=123' 'busybox cat /proc/self/oom_score_adj'
	inside "a sysctl is set" 1 'linux.sysctl={"net.ipv4.ip_forward": "1"}' 'busybox cat /proc/sys/net/ipv4/ip_forward'
	inside "variables are those of config.json" "PATH=/bin:A=b c:HOME=/" 'process.env=["PATH=/bin","A=b c"]' \
		'echo $(busybox tr "\0" ":" </proc/1/environ | busybox sed "s/:$//")'
	inside "the scheduler is set, with a nice value" "5 3" 'process.scheduler={"policy":"SCHED_BATCH","nice":5}' \
		'echo $(busybox cut -d" " -f19,41 /proc/1/stat)'
	inside "... and with flags: a child does not keep a nice value below 0" "-5 0" \
		'process.scheduler={"policy":"SCHED_BATCH","nice":-5,"flags":["SCHED_FLAG_RESET_ON_FORK"]}' \
		'echo $(busybox cut -d" " -f19 /proc/1/stat) $(busybox cut -d" " -f19 /proc/self/stat)'
	inside "the I/O priority is set" "best-effort: prio 6" \
		'process.ioPriority={"class":"IOPRIO_CLASS_BE","priority":6}' 'busybox ionice -p 1'
	if [ "$(uname -m)" = x86_64 ]; then
		inside "the personality is set" i686 'linux.personality={"domain":"LINUX32"}' 'busybox uname -m'
	fi
	inside "of several values of a variable, the last one counts" "b 1" 'process.env=["PATH=/bin","A=a","HOME=","A=b"]' \
		'echo $A $(busybox tr "\0" "\n" </proc/1/environ | busybox grep -c ^A=)'
	printf 'root:x:0:0::/home/root:/bin/sh\nother:x:5:5::/home/other:/bin/sh\n' >"$bundle/rootfs/etc/passwd"
	inside "HOME is the user's in the root's passwd" /home/other 'process.user={"uid":5,"gid":5}' 'echo $HOME'
	inside "... where it is missing or empty" "/home/root" 'process.env=["PATH=/bin","HOME="]' 'echo $HOME'
	ln -sf /dev/zero "$bundle/rootfs/etc/passwd"
	inside "... and is / if that is no file" / 'echo $HOME'
	rm "$bundle/rootfs/etc/passwd"
	echo 'root:x:0:0::/home/root:/bin/sh' >"$bundle/rootfs/etc/passwd"
	truncate -s 1G "$bundle/rootfs/etc/passwd"
	inside "... or if it is too large" / 'echo $HOME'
	rm "$bundle/rootfs/etc/passwd"
	bundle 'process.user={"uid":5,"gid":5}' -- sh -c ': >/proc/self/fd/1; echo opened'
	"$isorun_oci" --root "$state" run --bundle "$bundle" box 2>&1 | cat >"$tmp/shown"
	is "a command of another user can open the pipe that it writes to" "$(cat "$tmp/shown")" opened
	mkfifo "$tmp/fifo"
	exec 8<>"$tmp/fifo"
	bundle 'process.user={"uid":5,"gid":5}' -- busybox true
	"$isorun_oci" --root "$state" run --bundle "$bundle" box >&8 2>"$tmp/err"
	# promise P57
	is "... and a pipe that has a name on the host keeps its owner" "$? $(stat -c %u "$tmp/fifo")" "0 0"
	exec 8>&-
	local user unheld='process.capabilities={"bounding":["CAP_KILL"],"permitted":["CAP_KILL"],"ambient":["CAP_KILL"]}'
	for user in 5 0; do
		bundle "process.user={\"uid\":$user,\"gid\":0}" "$unheld" -- sh -c 'busybox grep ^CapAmb: /proc/self/status | busybox tr -d "\t "'
		oci run --bundle "$bundle" box
		no_refusal like "ambient capabilities that are not inheritable are left out, with a notice but for root: user $user" \
			"$user $status $out $err" "@(5 0 CapAmb:0000000000000000 isorun-oci: notice: config.json:*: /process/capabilities: the ambient *|0 0 CapAmb:0000000000000000 )"
	done
	note=
	inside "capabilities are those of config.json, in all five sets" \
		"CapInh:0000000000000020 CapPrm:0000000000000020 CapEff:0000000000000020 CapBnd:0000000020000420 CapAmb:0000000000000020" \
		'process.user={"uid":1,"gid":1}' 'process.noNewPrivileges=false' \
		'process.capabilities={"bounding":["CAP_KILL","CAP_NET_BIND_SERVICE","CAP_AUDIT_WRITE"],"permitted":["CAP_KILL","CAP_NET_BIND_SERVICE"],"effective":["CAP_NET_BIND_SERVICE"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]}' \
		'echo $(busybox grep ^Cap /proc/1/status | busybox tr -d "\t ")'
	inside "without capabilities, root has none" "CapPrm:0000000000000000 CapBnd:0000000000000000" process.capabilities= \
		'echo $(busybox grep -E "^Cap(Prm|Bnd)" /proc/self/status | busybox tr -d "\t ")'
	inside "no_new_privs is set" "NoNewPrivs:1" 'busybox grep NoNewPrivs /proc/self/status | busybox tr -d "\t "'
}

test_root() {
	local secret=$tmp/secret
	echo secret >"$secret"
	inside "the root is read-only" "touch: /x: Read-only file system" 'busybox touch /x 2>&1'
	no_refusal inside "... or writable" "" 'root.readonly=false' 'echo >/written'
	also no_refusal ok "... and then it is the bundle's own" [ -e "$bundle/rootfs/written" ]
	rm -f "$bundle/rootfs/written"
	inside "the host's root and mounts are gone" "1 /" \
		'echo $(busybox awk "\$5 == \"/\"" /proc/self/mountinfo | busybox wc -l) $(busybox realpath /../..)'
	inside "processes of the host are hidden" "1" 'for p in /proc/[0-9]*; do echo ${p#/proc/}; done'
	inside "masked paths are empty, also a directory" "0 0" 'linux.maskedPaths+="/etc/hidden"' 'linux.maskedPaths+="/etc/dir"' \
		'echo $(busybox wc -c </etc/hidden) $(busybox ls /etc/dir | busybox wc -l)'
	inside "read-only paths are, with the mounts below" "touch: /tmp/x: Read-only file system touch: /tmp/v/x: Read-only file system" \
		'root.readonly=false' 'mounts+={"destination":"/tmp/v","type":"tmpfs"}' 'linux.readonlyPaths+="/tmp"' \
		'echo $(busybox touch /tmp/x /tmp/v/x 2>&1)'
	inside "a volume can be read-only" "secret can't create /tmp/s: Read-only file system" 'root.readonly=false' \
		"mounts+={\"destination\":\"/tmp/s\",\"type\":\"bind\",\"source\":\"$secret\",\"options\":[\"rbind\",\"ro\"]}" \
		'echo $(busybox cat /tmp/s) "$( (echo x >/tmp/s) 2>&1 | busybox sed "s/.*: can/can/")"'
	also is "... and the file is as it was" "$(cat "$secret")" secret
	mkdir -m 751 "$bundle/rootfs/home"
	inside "a directory in memory has the mode of the one that it hides" "751 1777 700" \
		'mounts+={"destination":"/home","type":"tmpfs"}' 'mounts+={"destination":"/dev/new","type":"tmpfs"}' \
		'mounts+={"destination":"/dev/own","type":"tmpfs","options":["mode=700"]}' 'echo $(busybox stat -c %a /home /dev/new /dev/own)'
	rmdir "$bundle/rootfs/home"
	inside "a read-only /dev has its devices" "1:3 touch: /dev/x: Read-only file system" \
		'mounts+={"destination":"/dev","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/dev/below","type":"tmpfs"}' \
		'echo $(busybox stat -c %t:%T /dev/null) $(busybox touch /dev/x 2>&1)'
	inside "... also one that a remount makes read-only, however its path is written" "1:3 touch: /dev/x: Read-only file system" \
		'mounts+={"destination":"/./dev/","type":"tmpfs"}' 'mounts+={"destination":"/dev","options":["remount","ro"]}' \
		'echo $(busybox stat -c %t:%T /dev/null) $(busybox touch /dev/x 2>&1)'
	inside "of two remounts of /dev, the last one counts" "" 'mounts+={"destination":"/dev","options":["remount","ro"]}' \
		'mounts+={"destination":"/dev","options":["remount","rw"]}' 'busybox touch /dev/x 2>&1'
	inside "a remount changes a mount before it, when all mounts are made" "rw,nosuid,noexec touch: /tmp/x: Read-only file system" root.readonly=false \
		'mounts+={"destination":"/tmp/","type":"tmpfs","options":["nosuid"]}' 'mounts+={"destination":"/tmp/below","type":"tmpfs"}' \
		'mounts+={"destination":"/tmp","type":"bind","options":["bind","remount","ro"]}' \
		'mounts+={"destination":"/dev/b","type":"bind","source":"/etc","options":["ro"]}' 'mounts+={"destination":"/dev/b","options":["remount","rw","nosuid","noexec"]}' \
		'busybox touch /tmp/below/x && echo $(busybox awk "\$5 == \"/dev/b\" { print \$6 }" /proc/self/mountinfo | busybox grep -Eo "^rw,nosuid,noexec") $(busybox touch /tmp/x 2>&1)'
	ln -s /tmp "$bundle/rootfs/etc/to"
	inside "... the one that is at the end of a symlink, and no other" "rw ro" root.readonly=false \
		'mounts+={"destination":"/tmp/a","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/etc/to/a","type":"tmpfs","options":["ro"]}' \
		'mounts+={"destination":"/tmp/b","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/etc/to/a","options":["remount","rw"]}' \
		'echo $(busybox awk "\$5 ~ \"^/tmp/[ab]\" { o[\$5] = substr(\$6, 1, 2) } END { print o[\"/tmp/a\"], o[\"/tmp/b\"] }" /proc/self/mountinfo)'
	# promise P57
	refuses "a remount of what a symlink of the image leads to" "config.json:*: /mounts/7: remount: no mount before it has the destination /etc/to *" \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/etc/to","options":["remount","rw"]}'
	rm "$bundle/rootfs/etc/to"
	refuses "a remount with options of the file system" "config.json:*: /mounts/6: remount changes only options of the mount itself" 'mounts+={"destination":"/dev/shm","type":"tmpfs","options":["remount","size=1m"]}'
	inside "options of access times hold" "noatime relatime" \
		"mounts+={\"destination\":\"/dev/a\",\"type\":\"bind\",\"source\":\"$secret\",\"options\":[\"rnoatime\"]}" \
		"mounts+={\"destination\":\"/dev/b\",\"type\":\"bind\",\"source\":\"$secret\",\"options\":[\"ratime\"]}" \
		'echo $(busybox awk "\$5 ~ \"^/dev/[ab]$\" { print \$6 }" /proc/self/mountinfo | busybox grep -Eo "noatime|relatime")'
	inside "a working directory that is missing is made, also in a read-only root" /new/directory process.cwd='"/new/directory"' pwd
	rm -r "$bundle/rootfs/new"
	inside "the loopback device of a new network is up" 1 'busybox ip addr show lo | busybox grep -c LOOPBACK,UP'
	inside "mounts have their options" "rw,nosuid,nodev,noexec,noatime" \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["nosuid","nodev","noexec","noatime","size=1m"]}' \
		'busybox sed -n "s,^[^ ]* /tmp tmpfs \([^ ]*\),\1,p" /proc/self/mounts | busybox sed "s/,size.*//"'
}

# An image can put symlinks where the runtime mounts, makes and hides things.
test_symlinks() {
	local out_there=$tmp/outside word
	mkdir -p "$out_there"
	ln -s "$out_there" "$bundle/rootfs/etc/absolute"
	ln -s "../../../../../../../../../../$out_there" "$bundle/rootfs/etc/relative"
	ln -s /proc/1/root/etc "$bundle/rootfs/etc/magic"
	for link in absolute relative; do
		# promise P57
		inside "a mount through a $link symlink stays in the root" "here" 'root.readonly=false' \
			"mounts+={\"destination\":\"/etc/$link/new\",\"type\":\"tmpfs\"}" \
			"busybox grep -q ' $out_there/new tmpfs' /proc/self/mounts && echo here"
		# promise P57
		inside "... and so does a working directory that is made (CVE-2026-55686): $link" "$out_there/work" 'root.readonly=false' \
			"process.cwd=\"/etc/$link/work\"" 'cd . && pwd -P'
		# promise P57
		also is "... and nothing of the host has changed" "$(ls -A "$out_there")" ""
		rm -rf "$bundle/rootfs/tmp/${out_there#/tmp/}"
	done
	echo host >"$out_there/file"
	for word in rootfs/etc/absolute "$bundle/rootfs/etc/relative"; do
		# promise P57
		refuses "a source in the root that is a symlink to the host: ${word##*/}" "cannot open /etc/${word##*/} of the container, the source of /dev/s (it leads through a symlink*: Too many levels of symbolic links" \
			"mounts+={\"destination\":\"/dev/s\",\"type\":\"bind\",\"source\":\"$word\",\"options\":[\"bind\"]}"
		# promise P57
		refuses "... also with ids that are mapped: ${word##*/}" "cannot open /etc/${word##*/} of the container, *: Too many levels of symbolic links" 'linux.namespaces+={"type":"user"}' \
			'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
			"mounts+={\"destination\":\"/dev/s\",\"type\":\"bind\",\"source\":\"$word\",\"options\":[\"bind\",\"idmap\"]}"
	done
	ln -s . "$bundle/alias"
	# promise P57
	refuses "... also by a symlink of the host that leads into the root" "cannot open /etc/absolute of the container, *" \
		"mounts+={\"destination\":\"/dev/s\",\"type\":\"bind\",\"source\":\"$bundle/alias/rootfs/etc/absolute\",\"options\":[\"bind\"]}"
	# promise P57
	refuses "... also by .. in the root" "config.json: /mounts/6: the source */alias/rootfs/../rootfs/etc/absolute leads to the root, and there it has \"..\": *" \
		'mounts+={"destination":"/dev/s","type":"bind","source":"alias/rootfs/../rootfs/etc/absolute","options":["bind"]}'
	for word in "lowerdir=$bundle/rootfs/etc/absolute:/tmp" "lowerdir=/:$bundle/alias/rootfs/etc/absolute" "lowerdir=/,upperdir=$bundle/rootfs/etc/absolute,workdir=/w"; do
		# promise P57
		refuses "... also as a layer of an overlay: ${word##*/}" "config.json: /mounts/6: *=$bundle/*/etc/absolute leads into the container's root, *: name a path outside of it" \
			"mounts+={\"destination\":\"/dev/s\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"${word//,/\",\"}\"]}"
	done
	# promise P57
	refuses "... also as the device of a new file system" "config.json: /mounts/6: source=$bundle/rootfs/etc/absolute leads into the container's root, *: name a path outside of it" \
		"mounts+={\"destination\":\"/dev/s\",\"type\":\"ext4\",\"source\":\"$bundle/rootfs/etc/absolute\"}"
	refuses "a layer without an absolute path" "config.json: /mounts/6: lowerdir=rootfs/etc/absolute: not an absolute path" \
		'mounts+={"destination":"/dev/s","type":"overlay","source":"overlay","options":["lowerdir=rootfs/etc/absolute:/"]}'
	rm "$out_there/file"
	ln -s /proc "$bundle/rootfs/etc/proc"
	# promise P57
	refuses "a source in the root that is a symlink to a procfs, which would have no masks" "cannot open /etc/proc of the container, *" \
		'mounts+={"destination":"/dev/s","type":"bind","source":"rootfs/etc/proc","options":["bind"]}'
	rm "$bundle/rootfs/etc/proc"
	inside "a source in the root is that of the container, with a mount before it" "all all" root.readonly=false 'mounts+={"destination":"/tmp","type":"tmpfs"}' \
		'mounts+={"destination":"/dev/s","type":"bind","source":"rootfs/tmp","options":["bind"]}' 'mounts+={"destination":"/dev/t","type":"bind","source":"alias/rootfs/tmp","options":["bind"]}' \
		'echo all >/tmp/x; echo $(busybox cat /dev/s/x /dev/t/x)'
	rm "$bundle/alias"
	# A volume is another one's, and the link leads out of it.
	mkdir "$tmp/volume"
	ln -s "$out_there" "$tmp/volume/link"
	# promise P57
	inside "a mount point is not made through a symlink of a volume (CVE-2024-45310, CVE-2021-30465)" "here" 'root.readonly=false' \
		"mounts+={\"destination\":\"/tmp/volume\",\"type\":\"bind\",\"source\":\"$tmp/volume\"}" \
		'mounts+={"destination":"/tmp/volume/link/new","type":"tmpfs"}' \
		"busybox grep -q ' $out_there/new tmpfs' /proc/self/mounts && echo here"
	# promise P57
	also is "... and the host has no such directory" "$(ls -A "$out_there")" ""
	rm -rf "$tmp/volume" "$bundle/rootfs/tmp/"*
	# promise P57
	refuses "a mount of proc through a symlink" "proc must be mounted on ordinary directory paths, without symlinks: /etc/absolute/p: Too many levels of symbolic links" \
		"mounts+={\"destination\":\"/etc/absolute/p\",\"type\":\"proc\"}"
	refuses "... and of sysfs" "sysfs must be mounted on ordinary directory paths, without symlinks: /etc/absolute/s: *" \
		"mounts+={\"destination\":\"/etc/absolute/s\",\"type\":\"sysfs\"}"
	refuses "a mount over the root" "cannot mount /etc/.. over the root*" "mounts+={\"destination\":\"/etc/..\",\"type\":\"tmpfs\"}"
	ln -s /etc/hidden "$bundle/rootfs/etc/link"
	# promise P57
	inside "a symlink does not save a masked path" 0 'linux.maskedPaths+="/etc/link"' 'busybox wc -c </etc/hidden'
	inside "hidden directories share one in memory, which nobody can write, and each path is hidden once" "same 1 2" root.readonly=false \
		'linux.maskedPaths=["/etc/dir","/tmp","/etc/dir","/etc/hidden","/etc/hidden"]' \
		'[ "$(busybox stat -c %d /etc/dir)" = "$(busybox stat -c %d /tmp)" ] && echo same $(busybox touch /etc/dir/x /tmp/x 2>/dev/null || echo $?) $(busybox grep -Ec " /etc/(dir|hidden) " /proc/mounts)'
	rm "$bundle/rootfs/etc/"{absolute,relative,magic,link}
	mkdir "$tmp/volume"
	ln -s dev "$bundle/rootfs/data"
	# promise P57
	refuses "devices in a volume that a symlink of the image puts at /dev" "cannot make /dev/null: by a symlink of the image, it is in a bind mount*" \
		"mounts+={\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"$tmp/volume\"}"
	rm "$bundle/rootfs/data"
	mv "$bundle/rootfs/dev" "$bundle/rootfs/dev.real"
	mkdir "$bundle/rootfs/data"
	ln -s data "$bundle/rootfs/dev"
	# promise P57
	refuses "... or that /dev leads to" "cannot make /dev/null: by a symlink of the image, it is in a bind mount*" \
		"mounts+={\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"$tmp/volume\"}"
	also is "... and the host's directory is empty" "$(ls -A "$tmp/volume")" ""
	rm "$bundle/rootfs/dev"
	mv "$bundle/rootfs/dev.real" "$bundle/rootfs/dev"
	rmdir "$tmp/volume" "$bundle/rootfs/data"
	mv "$bundle/rootfs/dev" "$bundle/rootfs/dev.real"
	for word in "$out_there" "../../../../../../../../../../$out_there"; do
		echo host >"$out_there/ptmx"
		ln -s "$word" "$bundle/rootfs/dev"
		# promise P57
		inside "an image whose /dev is a symlink has its devices in the root (CVE-2026-41579, CVE-2026-47766): ${word%%/*}" "1:3 pts/ptmx" \
			'mounts=[{"destination":"/proc","type":"proc"}]' 'root.readonly=false' \
			"echo \$(busybox stat -c %t:%T $out_there/null) \$(busybox readlink $out_there/ptmx)"
		# promise P57
		also is "... and the host keeps its files" "$(ls "$out_there") $(cat "$out_there/ptmx")" "ptmx host"
		rm -r "$bundle/rootfs/dev" "$bundle/rootfs/tmp/${out_there#/tmp/}" "$out_there/ptmx"
	done
	mkdir "$bundle/rootfs/dev"
	ln -s ../etc/hidden "$bundle/rootfs/dev/null"
	# promise P57
	refuses "a symlink instead of /dev/null" "cannot make /dev/null: File exists" \
		'mounts=[{"destination":"/proc","type":"proc"}]' 'root.readonly=false'
	rm -r "$bundle/rootfs/dev"
	mv "$bundle/rootfs/dev.real" "$bundle/rootfs/dev"
	mv "$bundle/rootfs" "$bundle/other"
	ln -s other "$bundle/rootfs"
	bundle -- true
	oci run --bundle "$bundle" box
	like "refused: a root that is a symlink" "$status $err" "1 isorun-oci: cannot open the root $bundle/rootfs: *"
	rm "$bundle/rootfs"
	mv "$bundle/other" "$bundle/rootfs"
}

# The image, or a process that shares a volume, may exchange what the runtime itself uses: advisories of runc and crun.
test_exchanged() {
	local hook swapped=$tmp/swapped
	mkdir -p "$tmp/dev" "$tmp/rootfs.false"
	ln -sfn /etc/hidden "$tmp/dev/null"
	# promise P57
	inside "paths are masked by the host's /dev/null, and not by the container's (CVE-2025-31133)" "1:3 0 hidden" \
		"mounts=[{\"destination\":\"/proc\",\"type\":\"proc\"},{\"destination\":\"/dev/\",\"type\":\"bind\",\"source\":\"$tmp/dev\"}]" \
		'linux.maskedPaths=["/etc/dir/file"]' 'echo $(busybox stat -c %t:%T /etc/dir/file) $(busybox wc -c </etc/dir/file) $(busybox cat /etc/hidden)'
	bundle "mounts=[{\"destination\":\"/proc\",\"type\":\"proc\"},{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$tmp/dev\"}]" \
		'process.user={"uid":5,"gid":5}' -- sh -c "$(to_end 'busybox stat -L -c %t:%T /proc/$$/fd/0; busybox stat -c %u /etc/hidden')"
	run bash -c 'exec "$@" <&-' bash "$isorun_oci" --root "$state" run --bundle "$bundle" box
	# promise P57
	is_reached "an fd of 0 to 2 that is closed is the host's /dev/null, not that of the container (CVE-2026-88265)" $'1:3\n0'
	mkdir -p "$tmp/proc/sys/net/ipv4"
	: >"$tmp/proc/sys/net/ipv4/ip_forward"
	# promise P57
	inside "sysctls are written past what is mounted at /proc (CVE-2019-19921, CVE-2025-52881)" 1 'linux.maskedPaths=[]' 'linux.readonlyPaths=[]' \
		"mounts=[{\"destination\":\"/proc\",\"type\":\"bind\",\"source\":\"$tmp/proc\"},{\"destination\":\"/tmp\",\"type\":\"proc\"},{\"destination\":\"/dev\",\"type\":\"tmpfs\"}]" \
		'linux.sysctl={"net.ipv4.ip_forward": "1"}' 'busybox cat /tmp/sys/net/ipv4/ip_forward'
	also is "... and not to that" "$(cat "$tmp/proc/sys/net/ipv4/ip_forward")" ""
	hook="{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"mv '$bundle/rootfs' '$swapped' && mv '$tmp/rootfs.false' '$bundle/rootfs'\"]}"
	# promise P57
	inside "a root that is exchanged after it has been opened changes nothing" hidden "hooks={\"createRuntime\":[$hook]}" 'busybox cat /etc/hidden'
	also no_refusal ok "... and it was exchanged" [ -d "$swapped/etc" ]
	rmdir "$bundle/rootfs"
	mv "$swapped" "$bundle/rootfs"
}

test_fds() {
	exec 5<"$bundle" 6<"$bundle"
	# promise P58
	inside "no fd of the caller comes through" $'0\n1\n2' 'busybox ls /proc/1/fd'
	bundle process.cwd='"/proc/self/fd/5"' -- busybox true
	oci run --bundle "$bundle" box
	# promise P58
	like "refused: a working directory that is an fd of the caller" "$status $err" \
		"1 isorun-oci: cannot * the working directory /proc/self/fd/5: *"
	exec 5<&- 6<&-
	exec 3<"$top/README.md"
	bundle -- sh -c "$(to_end 'busybox ls /proc/1/fd; busybox head -n1 <&3')"
	oci run --preserve-fds 1 --bundle "$bundle" box
	no_refusal is_reached "--preserve-fds passes one" "0
1
2
3
# isorun"
	exec 3<"$bundle"
	oci run --preserve-fds 1 --bundle "$bundle" box
	# promise P58
	like "... and no directory" "$status $out$err" \
		"1 isorun-oci: fd 3 is a directory or was opened with O_PATH: the command could reach files outside through it"
	run python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_PATH)
os.dup2(fd, 5)
os.dup2(5, 3)
os.execv(sys.argv[2], sys.argv[2:])' "$top/README.md" "$isorun_oci" --root "$state" run --preserve-fds 1 --bundle "$bundle" box
	# promise P58
	like "... nor what was opened with O_PATH" "$status $out$err" "1 isorun-oci: fd 3 is a directory or was opened with O_PATH: *"
	run sh -c 'exec "$@" </' sh "$isorun_oci" --root "$state" run --bundle "$bundle" box
	# promise P58
	like "... also not as standard input" "$status $out$err" "1 isorun-oci: fd 0 is a directory or was opened with O_PATH: *"
	exec 3<&- 4<"$top/README.md"
	bundle -- sh -c "$(to_end 'busybox ls /proc/1/fd; busybox head -n1 <&4')"
	oci run --preserve-fds 5 --bundle "$bundle" box
	# promise P58
	no_refusal is_reached "... and only open ones: no fd of isorun-oci takes the place of one" "0
1
2
4
# isorun"
	exec 4<&-
	for fd in 3 5 6 7; do
		bundle "process.cwd=\"/proc/self/fd/$fd\"" -- busybox true
		oci run --preserve-fds 5 --bundle "$bundle" box
		# promise P58
		like "... nor can one be the working directory: $fd (CVE-2024-21626)" "$status $err" \
			"1 isorun-oci: cannot * the working directory /proc/self/fd/$fd*"
	done
	bundle -- sh -c "$(to_end 'echo $LISTEN_FDS $LISTEN_PID; busybox head -n1 <&3; busybox head -n1 <&4')"
	run sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<"$0"/README.md 4<"$0"/NEWS.md' "$top" "$isorun_oci" --root "$state" run --preserve-fds 1 --bundle "$bundle" box
	no_refusal is_reached "sockets of a service manager are passed on, and then the preserved fds" "1 1"$'\n'"$(head -n1 "$top/README.md")"$'\n'"$(head -n1 "$top/NEWS.md")"
	run sh -c 'LISTEN_PID=1 LISTEN_FDS=1 exec "$@" 3<"$0"' "$top/README.md" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	no_refusal like "... but not those of another process" "$status $out$err" "*3: Bad file descriptor*"
	run sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<"$0"' "$bundle" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	# promise P58
	like "... nor a directory" "$status $out$err" "1 isorun-oci: fd 3 is a directory *"
	run sh -c 'LISTEN_PID=$$ LISTEN_FDS=200 exec "$@" 3<&-' sh "$isorun_oci" --root "$state" run --bundle "$bundle" box
	like "... and it is an error if one is not open" "$status $err" "1 isorun-oci: LISTEN_FDS: fd * is not open"
	test_pidfd
}

# Whoever gets the pidfd compares its process with that of the pid file.
test_pidfd() {
	local receiver
	receiver=$(cat <<-'END'
		import os, re, socket, subprocess, sys
		path, pid_file, *command = sys.argv[1:]
		with socket.socket(socket.AF_UNIX) as server:
		    server.bind(path)
		    server.listen()
		    status = subprocess.run(command).returncode
		    server.setblocking(False)
		    connection, _ = server.accept()
		    name, fds, _, _ = socket.recv_fds(connection, 100, 2)
		os.unlink(path)
		pid = re.search(r"^Pid:\s*(\d+)$", open(f"/proc/self/fdinfo/{fds[0]}").read(), re.M)[1]
		print(status, name.decode(), len(fds), pid == open(pid_file).read())
	END
	)
	bundle -- busybox sleep 7684
	run python3 -c "$receiver" "$tmp/pidfd" "$tmp/pid" "$isorun_oci" --root "$state" create --pidfd-socket "$tmp/pidfd" --pid-file "$tmp/pid" --bundle "$bundle" box
	no_refusal is "create --pidfd-socket sends a pidfd of the first process" "$out$err" "0 standard 1 True"
	oci start box
	run python3 -c "$receiver" "$tmp/pidfd" "$tmp/pid" "$isorun_oci" --root "$state" exec --detach --pidfd-socket "$tmp/pidfd" --pid-file "$tmp/pid" box busybox sleep 7685
	no_refusal is "... and exec, of its process" "$out$err" "0 setns 1 True"
	oci delete --force box
	rm -f "$tmp/pid"
	oci run --pidfd-socket "$tmp/none" --pid-file "$tmp/pid" --bundle "$bundle" box
	like "... and it is an error if nobody listens" "$status $err$(ls "$state")$(ls "$tmp/pid" 2>/dev/null)" \
		"1 isorun-oci: --pidfd-socket: cannot connect to $tmp/none: No such file or directory"
}

# What a container costs, in calls and in programs that are executed: docs/PERFORMANCE.md has the times. isorun-oci must not
# execute itself.
# Whether the kernel has PR_SET_MM_MAP (CONFIG_CHECKPOINT_RESTORE): without it, isorun-oci executes its copy.
can_change_exe() {
	python3 -c 'import ctypes
PR_SET_MM, PR_SET_MM_MAP_SIZE = 35, 15
raise SystemExit(ctypes.CDLL(None).prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, ctypes.byref(ctypes.c_uint()), 0, 0) != 0)'
}

test_calls() { # command of isorun-oci, most calls, executed programs, arguments...
	local calls executed trace=(strace -f -qq -e signal=none -o "$tmp/trace")
	if is_sanitized || ! strace -o /dev/null true 2>/dev/null; then
		skip "the system calls of $1" "strace counts them only without sanitizers"
		return
	fi
	if ! can_change_exe; then
		skip "the system calls of $1" "the kernel does not have CONFIG_CHECKPOINT_RESTORE"
		return
	fi
	run "${trace[@]}" "$isorun_oci" --root "$state" "$1" "${@:4}"
	calls=$(grep -vc 'resumed>' "$tmp/trace")
	executed=$(grep -cE ' execve(at)?\(' "$tmp/trace")
	no_refusal ok "$1 makes at most $2 system calls, and executes $3 programs" \
		test "$status$err" = 0 -a "$calls" -gt 50 -a "$calls" -le "$2" -a "$executed" = "$3"
	echo "# $1: $calls system calls, $executed programs"
}

test_budget() {
	bundle process.rlimits=[] 'linux.cgroupsPath="/isorun-oci-test"' -- busybox true
	test_calls run 505 2 --bundle "$bundle" box
	bundle process.rlimits=[] 'linux.cgroupsPath="/isorun-oci-test"' -- busybox sleep 7674
	oci create --bundle "$bundle" box
	oci start box
	test_calls exec 265 2 box busybox true
	oci delete --force box
}

# Whoever has opened /proc/PID/exe can write to that file when nothing executes it any more (CVE-2019-5736).
test_own_file() {
	local isorun_oci=$tmp/own sum
	cp "$build/src/isorun-oci" "$isorun_oci"
	sum=$(sha256sum <"$isorun_oci")
	bundle -- busybox sleep 7656
	oci create --bundle "$bundle" --pid-file "$tmp/pid" box
	run python3 -c 'import os, subprocess, sys
kept = os.open(f"/proc/{sys.argv[1]}/exe", os.O_RDONLY)
subprocess.run(sys.argv[2:], check=True)
print("opened", flush=True)
os.write(os.open(f"/proc/self/fd/{kept}", os.O_WRONLY | os.O_APPEND), b"attack")' \
		"$(cat "$tmp/pid")" "$isorun_oci" --root "$state" delete --force box
	# promise P58
	like "root cannot write to the file of the first process" "$status $out $err" "1 opened *PermissionError: *Operation not permitted"
	also is "... and isorun-oci is as it was" "$(sha256sum <"$isorun_oci")" "$sum"
}

test_config() {
	refuses "a field of the wrong kind" "config.json:*: /mounts/0/destination: it must be a string*" 'mounts=[{"destination":3}]'
	# promise P59
	refuses "a field that is not supported" "config.json:*: /linux/intelRdt: not supported by isorun-oci yet*" \
		'linux.intelRdt={"closID":"x"}'
	refuses "an action that does not exist" 'config.json:*: /linux/seccomp/defaultAction: not an action*"SCMP_ACT_ASK"' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ASK"}'
	refuses "an agent for all calls" 'config.json:*: /linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be the default action' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/no/agent"}'
	refuses "an agent without a path" 'config.json:*: /linux/seccomp/syscalls/0: SCMP_ACT_NOTIFY needs listenerPath' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}'
	refuses "an agent for write(2)" 'config.json:*: /linux/seccomp/syscalls/0/names/1: SCMP_ACT_NOTIFY cannot be used for the write syscall' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/no/agent","syscalls":[{"names":["mkdir","write"],"action":"SCMP_ACT_NOTIFY"}]}'
	refuses "an agent that is not there" 'failed to connect with seccomp agent /no/agent: No such file or directory' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/no/agent","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}'
	refuses "an unknown operator of a filter" 'config.json:*: /linux/seccomp/syscalls/0/args/0: op is not an operator: "x"' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["close"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"x"}]}]}'
	refuses "an unknown architecture of a filter" 'config.json:*: /linux/seccomp/architectures/0: *' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_PDP11"]}'
	refuses "no mount namespace" "config.json:*: /linux/namespaces: a mount namespace is missing*" 'linux.namespaces=[{"type":"pid"}]'
	refuses "a sysctl of the host" "config.json:*: /linux/sysctl/kernel.panic: the sysctl would change the host*" \
		'linux.sysctl={"kernel.panic":"1"}'
	refuses "a sysctl of the host's network" "config.json has sysctls, and joins the host's own network namespace" \
		'linux.namespaces=[{"type":"mount"},{"type":"uts"},{"type":"network","path":"/proc/self/ns/net"}]' 'linux.sysctl={"net.ipv4.ip_forward":"1"}'
	refuses "a name of the host's own uts namespace" "config.json has a host or domain name, and joins the host's own uts namespace" \
		'linux.namespaces=[{"type":"mount"},{"type":"uts","path":"/proc/self/ns/uts"}]' 'hostname="stolen"'
	refuses "a name without a uts namespace" "config.json:*: hostname and domainname need a new or joined uts namespace" \
		'linux.namespaces=[{"type":"mount"},{"type":"pid"}]' 'hostname="stolen"'
	refuses "a mount namespace of others" "config.json:*: /linux/namespaces/0: a mount namespace must be a new one: to make the root in /proc/1/ns/mnt would take their root from all processes there" \
		'linux.namespaces=[{"type":"mount","path":"/proc/1/ns/mnt"}]'
	refuses "an unknown namespace" "config.json:*: /linux/namespaces/5: not supported*space" 'linux.namespaces+={"type":"space"}'
	refuses "an unknown mount option of a bind mount" "config.json:*: /mounts/6/options: a bind mount has no such option: nosiud" \
		'mounts+={"destination":"/x","type":"bind","source":"/etc","options":["nosiud"]}'
	refuses "... and one that restricts what a file system shows" "config.json:*: /mounts/6/options: a bind mount has no such option: hidepid=2" \
		'mounts+={"destination":"/x","type":"bind","source":"/etc","options":["hidepid=2"]}'
	refuses "an unknown version" "config.json:*: /ociVersion: *" 'ociVersion="2.0.0"'
	bundle 'new={"a":1}' 'windows={"x":1}' -- busybox true
	oci run --bundle "$bundle" box
	# promise P59
	no_refusal is "fields that mean nothing here are notices, with their lines" "$status $err" "0 isorun-oci: notice: config.json:$(line_of '"new"'): /new: ignored: isorun-oci does not know this field
isorun-oci: notice: config.json:$(line_of '"windows"'): /windows: ignored: of another system"
	bundle 'mounts+={"destination":"/etc/dir","type":"bind","source":"/etc","options":["size=1k","ro","mode=700","sync","nocopy"]}' \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["rro","rnosuid","silent"]}' \
		-- busybox grep -c -E ' /(etc/dir [a-z0-9]+ ro|tmp tmpfs ro,nosuid),' /proc/mounts
	oci run --bundle "$bundle" box
	# promise P59
	no_refusal is "a bind mount ignores options of a file system, with notices; rro makes a new mount read-only" "$status $out $err" "0 2 $(
		printf "isorun-oci: notice: config.json:$(($(line_of '"size=1k"') - 1)): /mounts/6/options: ignored: %s is an option of a file system, and a bind mount makes none\n" size=1k mode=700 sync)
isorun-oci: notice: config.json:$(($(line_of '"size=1k"') - 1)): /mounts/6/options: ignored: nocopy is an option for the engine"
	echo '{"a": 1, "a": 2}' >"$bundle/config.json"
	oci run --bundle "$bundle" box
	like "refused: a key that is there twice" "$status $err" "1 isorun-oci: config.json:1: it is not JSON: duplicate*"
	oci run --bundle "$tmp/nowhere" box
	like "refused: no bundle" "$status $err" "1 isorun-oci: --bundle: cannot use the directory: No such file or directory"
	bundle -- true
	oci run --bundle "$bundle" ../box
	like "refused: a name that is a path" "$status $err" '1 isorun-oci: invalid container ID: "../box"*'
	chmod 777 "$state"
	oci run --bundle "$bundle" box
	like "refused: a directory of states that others can write to" "$status $err" "1 isorun-oci: others can write to $state*"
	chmod 700 "$state"
	for command in checkpoint restore; do
		oci $command box
		is "not there yet: $command" "$status $err" "1 isorun-oci: not supported by isorun-oci yet: $command"
	done
}

# What a bundle would do, and which line of config.json decides it; what why says is compared with what is so.
test_explain() {
	local script question expected said shown word filter
	filter='linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38},{"names":["socket"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":17,"op":"SCMP_CMP_EQ"}]}]}'
	bundle "$filter" 'linux.maskedPaths+="/etc/hidden"' 'mounts+={"destination":"/tmp","type":"tmpfs","options":["noexec"]}' \
		'linux.resources={"pids":{"limit":77}}' 'process.env+="A=b"' -- busybox sleep 7681
	run "$isoctl" explain "$bundle"
	no_refusal is "explain sums up a bundle" "$status$err$(sed "s,$tmp,,g; s/ *#.*//" <<<"$out")" "0bundle   $(sed "s,$tmp,," <<<"$bundle")
command  busybox sleep 7681 in /
held by  a cgroup or scope
network  its own, which the engine sets up
writes   in memory, lost at the end: /dev /dev/shm /tmp
reads    the root $(sed "s,$tmp,," <<<"$bundle")/rootfs – hidden: /etc/hidden /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/scsi and 2 more
may      CAP_KILL CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE
calls    SCMP_ACT_ALLOW but for the calls of its rules: 3
limits   pids.max=77 RLIMIT_NOFILE=1024
users    uid 0 gid 0 – in the caller's user namespace"
	like "... with the lines that decide" "$(grep ^limits <<<"$out")" "*   # config.json:$(line_of '"limit": 77'),*"
	run "$isoctl" explain --tree "$bundle"
	no_refusal is "explain --tree: the root that the command finds" "$status$err$(sed "1,/^root/d; s,$tmp,,g; s/ *#.*//" <<<"$out" | grep -E '^ +(/tmp|/etc/hidden|/proc|keys|sys) ')" "0    /etc/hidden           hidden
    /proc                 writable proc
      keys                hidden
      sys                 read-only
    /tmp                  writable tmpfs, noexec"
	bundle "$filter" 'linux.maskedPaths+="/etc/hidden"' 'mounts+={"destination":"/tmp","type":"tmpfs","options":["noexec"]}' \
		'linux.resources={"pids":{"limit":77}}' 'process.env+="A=b"' 'process.apparmorProfile="profile"' 'process.selinuxLabel="a:b"' \
		'linux.mountLabel="a:c"' -- busybox sleep 7681
	run "$isoctl" explain --verbose "$bundle"
	no_refusal is "explain --verbose prints all of a bundle" "$status$err" 0
	explains "the command" command '"args"'
	explains "a profile" AppArmor '"apparmorProfile"'
	explains "a label" 'SELinux  *a:b' '"selinuxLabel"'
	explains "a label of files" 'SELinux  *a:c: of new file systems' '"mountLabel"'
	explains "a mount" /dev/shm '"destination": "/dev/shm"' 1
	explains "a hidden path" /etc/hidden '"/etc/hidden"'
	explains "a namespace" network '"type": "network"' 1
	explains "a limit" pids.max '"limit": 77'
	explains "a rule of the filter" "SCMP_ACT_ERRNO          mkdir mkdirat" '"mkdir",' 2
	run "$isoctl" explain --json "$bundle/config.json"
	no_refusal is "explain --json: as the schema says" "$("$top/tests/json-agrees.py" explain 150 <<<"$out" 2>&1)" ""
	says "a capability" "$bundle" capability CAP_NET_BIND_SERVICE allowed '"permitted"'
	says "a variable" "$bundle" environment A allowed '"A=b"'
	run "$isoctl" why "$bundle" read /bin/busybox write /bin/busybox environment A
	like "why: a label may deny what is allowed" "$status $out" \
		"1 read /bin/busybox: allowed*; the SELinux label a:b may deny it*write /bin/busybox: denied*environment A: allowed*"
	also unlike "... and nothing else" "${out#*may deny it}" "*may deny*"
	run "$isoctl" why "$bundle" environment HOME environment PATH environment B
	like "why: HOME is the root's, if config.json has none" "$status $out" \
		"1 environment HOME: depends*environment PATH: allowed*environment B: denied*"
	says "a limit" "$bundle" limit pids.max denied,\ EAGAIN '"limit": 77'
	says "a call" "$bundle" call mkdirat denied,\ ENOSYS '"mkdir",' 2
	says "a call with this argument" "$bundle" call 'socket(17,3)' denied,\ EPERM '"socket"' 2
	says "a call that depends" "$bundle" call socket depends '"socket"' 2
	says "a call that no rule names" "$bundle" call unshare allowed '"defaultAction"'
	says "the network" "$bundle" connect @x denied,\ ECONNREFUSED '"type": "network"' 1
	says "a read-only path" "$bundle" write /proc/sys/kernel/hostname denied,\ EROFS '"/proc/sys"'
	for question in read:/etc/dir/file write:/bin/busybox create:/etc/x create:/tmp/x create:/dev/shm/x read:/none write:/dev/null remove:/etc/dir/file; do
		run "$isoctl" why "$bundle" "${question%%:*}" "${question#*:}"
		said+="$question $([[ $out == *": allowed"* ]] && echo yes || echo no)"$'\n'
		case $question in
		read:*) word="busybox cat ${question#*:} >/dev/null" ;;
		write:*) word=": >>${question#*:}" ;;
		create:*) word=": >${question#*:}" ;;
		remove:*) word="busybox rm -f ${question#*:}" ;;
		esac
		script+="( $word ) 2>/dev/null && echo $question yes || echo $question no; "
	done
	shown=$("$isorun_oci" --root "$state" exec box true 2>&1)
	like "... there is no container yet" "$shown" "*the container box does not exist"
	bundle "$filter" 'linux.maskedPaths+="/etc/hidden"' 'mounts+={"destination":"/tmp","type":"tmpfs","options":["noexec"]}' \
		'process.rlimits=[{"type":"RLIMIT_NOFILE","soft":77,"hard":77}]' -- busybox sleep 7681
	oci create --bundle "$bundle" box
	oci exec box sh -c "$script"
	no_refusal is "why says of paths what is so" "$said" "$out"$'\n'
	sed -i 's/"soft": 77/"soft": 7/' "$bundle/config.json"
	run "$isoctl" why "$state/box" limit NOFILE
	like "a container has the config.json that it was made with" "$status $out" "1 *RLIMIT_NOFILE is 77 *"
	"$isorun_oci" --root "$state" delete --force box
	python3 -c 'import json, sys; c = json.load(open(sys.argv[1])); json.dump(c, open(sys.argv[1], "w"))' "$bundle/config.json"
	"$isorun_oci" create --bundle "$bundle" box81
	run "$isoctl" why box81 call mkdirat
	like "why: a container by its ID; a config.json of one line has JSON pointers" "$status $out" \
		"1 call mkdirat: denied, ENOSYS*  line     config.json#/linux/seccomp/syscalls/0"*
	run "$isoctl" explain --verbose box81
	like "explain, too" "$status $out" "0 *  working directory       /   # config.json#/process/cwd"*
	run "$isoctl" stop box81
	like "stop says that it is not an instance" "$status $err" "125 isoctl: box81 is not an instance but a container: *"
	"$isorun_oci" delete --force box81
	expected='1 isoctl: no policy "box81" *'
	run "$isoctl" explain box81
	like "... until it is deleted" "$(( status > 0 )) $err" "$expected"
	bundle 'linux.seccomp={"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG"},{"names":["mkdir"],"action":"SCMP_ACT_TRAP"},{"names":["chmod"],"action":"SCMP_ACT_TRACE"}]}' \
		'process.user.umask=18' 'process.oomScoreAdj=5' 'process.terminal=true' 'domainname="example"' 'linux.cgroupsPath="/c"' \
		'hooks={"poststop":[{"path":"/bin/true"}]}' 'linux.sysctl={"net.ipv4.ip_forward":"1"}' \
		'process.rlimits=[{"type":"RLIMIT_CORE","soft":0,"hard":-1},{"type":"RLIMIT_NOFILE","soft":-1,"hard":-1}]' -- true
	run "$isoctl" why "$bundle" call read call mkdir call chmod call unshare connect 192.0.2.1:80 listen 80 limit NOFILE limit CPU
	like "why: each action of a filter, addresses and limits" "$status $(sed -n '/^ /! s/.*: //p' <<<"$out" | xargs)" \
		"1 allowed denied depends denied depends depends allowed allowed"
	also like "... with reasons" "$out" "*, and logs it*the signal SIGSYS*another program answers chmod*kills the process for unshare*devices are the engine's*NOFILE is unlimited*sets no CPU*"
	run "$isoctl" why "$bundle" call frobnicate
	like "why: a call that does not exist is an error" "$status $err" "125 isoctl: *frobnicate*"
	run "$isoctl" explain --verbose "$bundle"
	no_refusal like "explain: all of a bundle" "$status $out" "0 *domain name *example*hook *poststop: /bin/true*umask *0022*oom_score_adj *5*terminal *yes*RLIMIT_CORE *0:infinity*RLIMIT_NOFILE *infinity*sysctls*ip_forward*"
	bundle 'linux.namespaces=[{"type":"mount"},{"type":"pid"}]' 'hostname=null' -- true
	run "$isoctl" why "$bundle" connect @x connect 192.0.2.1:80 listen 80 call mkdir
	like "why: the network of the host, without a filter" "$status $out" \
		"0 *the network is the host's*whether a server is there*whether the port is free*there is no filter*"
	bundle 'process.env=["PATH=/bin","A=first","HOME=/x","A=second","HOME="]' -- true
	says "of several values of a variable, the last one counts" "$bundle" environment A allowed '"A=second"'
	run "$isoctl" why "$bundle" environment HOME
	like "... and an empty HOME is none" "$status $out" "1 environment HOME: depends*/etc/passwd*"
	mkdir -p "$tmp/devices"
	bundle "mounts+={\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$tmp/devices\",\"options\":[\"bind\"]}" \
		'linux.devices=[{"path":"/dev/own","type":"c","major":1,"minor":3}]' -- sh -c "$(to_end 'for d in null own; do [ -e /dev/$d ] && echo $d; done')"
	run "$isoctl" why "$bundle" read /dev/null read /dev/own
	like "why: a /dev that is bound has its own devices" "$status $out" "1 read /dev/null: denied, ENOENT*read /dev/own: denied, ENOENT*"
	run "$isoctl" explain --verbose "$bundle"
	also is "... for explain, too" "$status $(grep -c '^  /dev/own' <<<"$out")" "0 0"
	oci run --bundle "$bundle" box
	is_reached "... which is so" ""
	bundle 'linux.intelRdt={"closID":"x"}' -- true
	run "$isoctl" explain "$bundle"
	like "explain: what run refuses" "$status $err" "125 isoctl: config.json:$(line_of '"intelRdt"'): /linux/intelRdt: not supported*"
	bundle -- true
	run "$isoctl" explain "$bundle" -- true
	like "explain: a bundle has its own command" "$status $err" "125 *is a bundle: it has its own command*"
}

# Each word that features prints is one that config.json may have, and no other.
test_features() {
	local config words
	oci features
	config=$out
	bundle -- true
	words=$(python3 - "$bundle/config.json" "$config" <<-'END'
		import json, sys
		path, f = sys.argv[1], json.loads(sys.argv[2])
		c, linux = json.load(open(path)), f["linux"]
		ids = [{"containerID": 0, "hostID": 0, "size": 1}]
		made = {"tmpcopyup": "tmpfs"}
		c["mounts"].append({"destination": "/tmp/remount", "type": "tmpfs"})
		c["mounts"] += [{"destination": f"/tmp/{o}", "type": made.get(o, "bind"), "source": "/etc", "options": [o],
		                 **({"uidMappings": ids, "gidMappings": ids} if o.endswith("idmap") else {})} for o in f["mountOptions"]]
		c["linux"]["namespaces"] = [{"type": t} for t in linux["namespaces"]]
		c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = ids
		s = linux["seccomp"]
		c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "flags": s["supportedFlags"], "listenerPath": "/no/agent", "syscalls":
		    [{"names": ["acct"], "action": a, "args": [{"index": 0, "value": i, "op": "SCMP_CMP_EQ"}]} for i, a in enumerate(s["actions"]) if a != "SCMP_ACT_ALLOW"] +
		    [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "args": [{"index": i % 6, "value": i, "valueTwo": i, "op": o}]} for i, o in enumerate(s["operators"])]}
		c["linux"]["memoryPolicy"] = {"mode": linux["memoryPolicy"]["modes"][0], "flags": linux["memoryPolicy"]["flags"]}
		c["process"]["capabilities"]["bounding"] = linux["capabilities"]
		c["hooks"] = {h: [{"path": "/bin/true"}] for h in f["hooks"]}
		json.dump(c, open(path, "w"))
		print(len(f["mountOptions"]) > 30, len(s["actions"]), len(s["operators"]), len(s["supportedFlags"]), len(linux["namespaces"]), len(f["hooks"]),
		      len(linux["memoryPolicy"]["modes"]), len(linux["memoryPolicy"]["flags"]), f["ociVersionMax"])
	END
	)
	run "$isoctl" explain "$bundle"
	no_refusal is "features: all that it prints is accepted" "$words $status$err" "True 9 7 4 8 6 7 3 1.3.0 0"
	words=
	also unlike "... and what is refused is not there" "$(tr -s ' \n' ' ' <<<"$config")" '*"intelRdt": {"enabled": true}*'
	refuses "a flag that features does not print" "config.json:*: /linux/seccomp/flags/0: not a flag that isorun-oci supports" \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}'
	refuses "a flag for an agent, without one" "config.json:*: /linux/seccomp: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs SCMP_ACT_NOTIFY" \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}'
}

# Fields that few engines write.
test_rare() {
	local map='[{"containerID":0,"hostID":3000,"size":1000}]' uptime='u=$(busybox cut -d. -f1 /proc/uptime); [ "$u" -gt 5000000 ] && echo later'
	inside "a time namespace has its offsets" later 'linux.namespaces+={"type":"time"}' \
		'linux.timeOffsets={"boottime":{"secs":5000000,"nanosecs":1},"monotonic":{"secs":3}}' "$uptime"
	bundle 'linux.namespaces+={"type":"time"}' 'linux.timeOffsets={"boottime":{"secs":5000000}}' \
		'process.execCPUAffinity={"initial":"0","final":"0"}' 'process.user={"uid":0,"gid":9}' -- busybox sleep 7683
	oci create --bundle "$bundle" box
	also_inside "the time namespace is the container's, and the CPUs those of execCPUAffinity" "later
Cpus_allowed_list: 0" "$uptime; echo \$(busybox grep Cpus_allowed_list /proc/self/status)"
	# promise P59
	also_inside "--user without a group keeps that of config.json" "uid=1 gid=9" --user 1 'busybox id'
	"$isorun_oci" --root "$state" delete --force box
	inside "a time namespace has its offsets in a user namespace, too" later 'linux.namespaces+={"type":"user"}' 'linux.namespaces+={"type":"time"}' \
		'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.timeOffsets={"boottime":{"secs":5000000}}' "$uptime"
	mkdir -p "$tmp/mapped"
	: >"$tmp/mapped/file"
	chown 7:8 "$tmp/mapped/file"
	inside "a mount maps ids" "3007 3008" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"uidMappings\":$map,\"gidMappings\":$map}" \
		'busybox stat -c "%u %g" /tmp/file'
	inside "... as the user namespace does" "7 8" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"ridmap\"]}" \
		'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'busybox stat -c "%u %g" /tmp/file'
	for word in "" ", in a user namespace"; do
		inside "... also of a source in a mount that comes before it$word" "3007 3008" ${word:+'linux.namespaces+={"type":"user"}' \
			'linux.uidMappings=[{"containerID":0,"hostID":0,"size":10000}]' 'linux.gidMappings=[{"containerID":0,"hostID":0,"size":10000}]'} \
			"mounts+={\"destination\":\"/dev/first\",\"type\":\"bind\",\"source\":\"$tmp/mapped\"}" \
			"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"rootfs/dev/first\",\"uidMappings\":$map,\"gidMappings\":$map}" \
			'busybox stat -c "%u %g" /tmp/file'
	done
	inside "... also as podman writes it for crun, with ids of the host and of the container" "7 8" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap=uids=0-5-1#7-100007-1;gids=@0-0-10\"]}" \
		'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'busybox stat -c "%u %g" /tmp/file'
	for word in 'uids=0-1: not a range of ids, FILE-HOST-SIZE: *' 'uids=0-1-0: not a range*' 'uids=0-1-2-3: a range of ids has more than three numbers*' \
		'uids=@0-5-2;gids=0-0-1: the container does not have the ids @5 to @6 in one entry of its map' 'users=0-1-1: idmap= takes uids= and gids=, not \"users=0-1-1\"' \
		'uids=0-1-1: uidMappings and gidMappings must both be there, or neither'; do
		refuses "idmap=${word%%:*}" "config.json:*: /mounts/6*: ${word#*: }" \
			"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap=${word%%:*}\"]}"
	done
	bundle "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap=uids=0-0-5;gids=0-0-5\"],\"gidMappings\":$map}" \
		-- busybox true
	oci run --bundle "$bundle" box
	like "refused: idmap= with only one map of the mount, which says that it is ignored" "$status $err" \
		"1 *ignored: the ids of idmap=, because the mount has uidMappings or gidMappings*must both be there, or neither"
	mount --bind "$tmp/mapped" "$tmp/mapped"
	mount --make-shared "$tmp/mapped"
	mount -o remount,bind,nosuid "$tmp/mapped"
	mkdir "$tmp/mapped/below"
	# promise P57
	inside "... and no mount below it appears on the host, also without rprivate" mounted 'linux.namespaces+={"type":"user"}' \
		'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"ridmap\"]}" \
		'process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}' \
		'busybox mount -t tmpfs none /tmp/below && echo mounted'
	also like "... a notice says that its options on the host do not hold" "$err" \
		"isorun-oci: notice: config.json: /mounts/6: a process with CAP_SYS_ADMIN can remove *"
	also is "... and none has" "$(grep -c " $tmp/mapped/below " /proc/self/mountinfo)" 0
	umount -l "$tmp/mapped"
	bundle -- sh -c 'echo $(busybox ls /) $(busybox awk "\$5 == \"/\"" /proc/self/mountinfo | busybox wc -l)'
	oci run --no-pivot --bundle "$bundle" box
	like "--no-pivot: the root is the bundle's, and a notice says what is weaker" "$status $out$err" \
		"0 bin dev etc proc sys tmp 1*notice: --no-pivot: the host's mounts stay below the root*"
	bundle 'process.user={"uid":65534,"gid":65534}' process.capabilities= -- sh -c "$(to_end \
		'busybox unshare -U -r true && busybox unshare -U -r -m -p -f busybox mount -t proc none /tmp 2>/dev/null && echo uncovered')"
	oci run --no-pivot --bundle "$bundle" box
	# promise P57
	is_reached "--no-pivot: no process can mount a proc without the lids of the container's" ""
	if ! [ -e /sys/fs/selinux/enforce ]; then
		refuses "a label without SELinux" "SELinux is not enabled on this host, so the process cannot have the label a:b:c" \
			'process.selinuxLabel="a:b:c"'
		bundle 'linux.mountLabel="a:b:c"' -- busybox echo ran
		oci run --bundle "$bundle" box
		no_refusal is "... and one for files, which nobody would read, is a notice" "$status $out $err" \
			"0 ran isorun-oci: notice: config.json: /linux/mountLabel: ignored: SELinux is not enabled on this host"
	fi
}

# Limits that only the policy has, and such as it lowers.
test_policy_limits() {
	policy few '[Scope]' 'TasksMax=5' 'MemoryMax=1G' '[Sandbox]' 'LimitCORE=0' 'LimitNOFILE=100' 'LimitFSIZE=7:8'
	bundle 'annotations={"isorun.policy":"few"}' 'linux.resources={"pids":{"limit":77},"memory":{"limit":2147483648},"unified":{"memory.max":"4K"}}' \
		'process.rlimits=[{"type":"RLIMIT_FSIZE","soft":5,"hard":6},{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}]' -- busybox true
	run "$isoctl" why "$bundle" limit CORE limit NOFILE limit FSIZE limit pids.max limit memory.max
	shown=$(grep -oE 'RLIMIT_.*|(pids|memory)\..* is .*|line +.*' <<<"$out" | sed "s,$tmp/config/isorun/policies/,,; s/ for .*//" | tr -s ' \n' ' ')
	no_refusal is "why: a limit has the line that decided it" "$status $shown" \
		"1 RLIMIT_CORE is 0 line few.conf:5 RLIMIT_NOFILE is 100 line few.conf:6 RLIMIT_FSIZE is 5 line config.json:$(($(line_of '"RLIMIT_FSIZE"') - 1)) pids.max is 5 line few.conf:2 memory.max is 4096 line config.json:$(line_of '"memory.max"') "
	run "$isoctl" explain --verbose "$bundle"
	shown=$(grep -E '^  (RLIMIT|pids|memory)' <<<"$out" | sed "s,$tmp/config/isorun/policies/,," | tr -s ' \n' ' ')
	no_refusal is "... for explain, too" "$status $shown" \
		"0  RLIMIT_FSIZE 5:6 # config.json:$(($(line_of '"RLIMIT_FSIZE"') - 1)) RLIMIT_NOFILE 100:100 # few.conf:6 RLIMIT_CORE 0:0 # few.conf:5 memory.max 1073741824 # few.conf:3 pids.max 5 # few.conf:2 memory.max 4096 # config.json:$(line_of '"memory.max"') "
	bundle 'annotations={"isorun.policy":"few"}' process.rlimits= -- busybox true
	run "$isoctl" why "$bundle" limit NOFILE limit pids.max
	like "... and where config.json has no limits" "$status $out" "1 limit NOFILE: denied*few.conf:6*limit pids.max: denied, EAGAIN*few.conf:2"
}

# The annotation isorun.policy: a container is what config.json and the policy allow, both.
test_policy() {
	local script expected shown all narrow=() wide=()
	local -x XDG_CONFIG_HOME=$tmp/config
	policy tight '[Sandbox]' 'SystemCallFilter=~mkdir mkdirat' 'InaccessiblePaths=/etc/dir' 'ReadOnlyPaths=/etc' 'NoExecPaths=/tmp' \
		'CapabilityBoundingSet=CAP_KILL' 'LimitNOFILE=100'
	policy wide '[Sandbox]' 'SystemCallFilter=@default @system-service @mount' 'CapabilityBoundingSet=~' 'LimitNOFILE=4096' 'LandlockFiles=no' \
		'PrivateNetwork=no' 'PrivateIPC=no' 'Environment=X=y'
	narrow=('annotations={"isorun.policy":"tight"}' root.readonly=false process.noNewPrivileges=false)
	script='echo $(busybox sed -n "s/^CapEff:.//p;s/^CapBnd:.//p;s/^NoNewPrivs:.//p" /proc/self/status) $(ulimit -n) $(ulimit -H -n)'
	script+='; for f in /etc/dir /etc/x /tmp/x; do (echo >$f) 2>/dev/null && echo $f written; done; busybox ls /etc/dir | busybox wc -l'
	script+='; busybox mkdir /x 2>/dev/null && echo made; busybox rmdir /x 2>/dev/null; busybox cp /bin/busybox /tmp/busybox; /tmp/busybox true 2>/dev/null && echo executed; busybox rm /tmp/busybox /tmp/x'
	expected='0000000000000020 0000000000000020 1 100 100
/tmp/x written
0'
	# promise P61
	inside "isorun.policy: all that the policy takes away" "$expected" "${narrow[@]}" "$script"
	all='0000000020000420 0000000020000420 0 1024 1024
/etc/x written
/tmp/x written
1
made
executed'
	inside "... and without it, nothing of that" "$all" root.readonly=false process.noNewPrivileges=false "$script; busybox rm /etc/x"
	wide=('annotations={"isorun.policy":"wide"}' root.readonly=false process.noNewPrivileges=false)
	# promise P61
	inside "isorun.policy: a policy that allows more adds nothing" "${all/ 0 1024/ 1 1024}" "${wide[@]}" "$script; busybox rm /etc/x; echo \"\$X\""
	bundle 'annotations={"isorun.policy":"wide"}' 'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' \
		root.readonly=false -- busybox mkdir /x
	oci run --bundle "$bundle" box
	like "... and the filter of config.json stays" "$status $err" "1 *Operation not permitted"
	inside "... and root gains no capability by execve" 0000000000000000 "${wide[@]}" 'process.capabilities={"bounding":["CAP_KILL"]}' \
		'busybox sed -n "s/^CapEff:.//p" /proc/self/status'
	run "$isoctl" why "$bundle" capability CAP_KILL
	like "... as why says" "$status $out" "1 *denied*the permitted capabilities do not have CAP_KILL*"
	bundle "${narrow[@]}" -- busybox sleep 7682
	oci create --bundle "$bundle" box
	oci start box
	# promise P61
	also_inside "isorun.policy holds for it, too, whatever its options say" "0000000000000020 1 100" --cap CAP_SYS_ADMIN \
		'echo $(busybox sed -n "s/^CapEff:.//p;s/^NoNewPrivs:.//p" /proc/self/status) $(ulimit -n); busybox mkdir /x 2>/dev/null && echo made'
	run "$isoctl" why "$state/box" call mkdir capability CAP_NET_BIND_SERVICE write /etc/x execute /tmp/x read /etc/dir/file
	shown=$(grep -oE '(denied|line +).*' <<<"$out" | sed "s,$tmp/config/isorun/policies/,," | tr -s ' \n' ' ')
	no_refusal is "why names the line of the policy" "$shown" \
		"denied, EPERM line tight.conf:2 denied, EPERM line tight.conf:6 denied, EROFS line tight.conf:4 denied, EACCES line tight.conf:5 denied, ENOENT line tight.conf:3 "
	run "$isoctl" why "$state/box" read /etc/dir create /etc/dir/x
	like "... and of a hidden directory itself, that it is empty" "$status $out" \
		"1 read /etc/dir: allowed*it is empty*tight.conf:3*create /etc/dir/x: denied, EROFS*tight.conf:3*"
	also_inside "... which is so" 'it is empty, Read-only file system' \
		'busybox ls /etc/dir && echo it is empty, $(busybox touch /etc/dir/x 2>&1 | busybox grep -o Read-only.*)'
	run "$isoctl" explain "$state/box"
	like "explain shows the capabilities that the policy leaves" "$status $(sed -n 's/^may *//p' <<<"$out")" \
		"0 CAP_KILL   # config.json:*tight.conf:6"
	run "$isoctl" explain --verbose "$state/box"
	like "explain shows the policy" "$status $out" "0 *  no_new_privs            yes   # config.json:*  name                    tight   # config.json:$(line_of '"isorun.policy"')*NoExecPaths *tight.conf:5*"
	oci delete --force box
	inside "isorun.policy: the network of others is not joined" "lo" 'annotations={"isorun.policy":"tight"}' \
		'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"network","path":"/proc/1/ns/net"}]' \
		"$(printf 'echo $(busybox ls /proc/sys/net/ipv4/conf | busybox grep -vxE "all|default|sit0|tunl0|ip6tnl0|gre0|erspan0|gretap0")')"
	# promise P61
	refuses "a network device of the host, against a policy" "PrivateNetwork=: /linux/netDevices/isorun9 of config.json gives the container *" \
		'annotations={"isorun.policy":"tight"}' 'linux.netDevices={"isorun9":{}}'
	policy mounts '[Sandbox]' 'CapabilityBoundingSet=CAP_SYS_ADMIN' 'SystemCallFilter=@system-service @mount' 'LandlockFiles=no'
	script='busybox mount -t tmpfs none /tmp 2>/dev/null && echo mounted || echo refused'
	shown='process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}'
	inside "isorun.policy: without Landlock, a capable process mounts" mounted 'annotations={"isorun.policy":"mounts"}' "$shown" "$script"
	policy mounts '[Sandbox]' 'CapabilityBoundingSet=CAP_SYS_ADMIN' 'SystemCallFilter=@system-service @mount'
	# promise P61
	also inside "... with Landlock, it cannot" refused 'annotations={"isorun.policy":"mounts"}' "$shown" "$script"
	policy net '[Sandbox]' 'CapabilityBoundingSet=~'
	bundle 'annotations={"isorun.policy":"net"}' 'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]' -- busybox sleep 7684
	oci create --bundle "$bundle" --pid-file "$tmp/pid" box
	policy net '[Sandbox]' 'CapabilityBoundingSet=~' 'PrivateNetwork=no'
	# promise P61
	also_inside "the network is the container's, whatever the policy says by now" "$(readlink "/proc/$(cat "$tmp/pid")/ns/net")" \
		'busybox readlink /proc/self/ns/net'
	oci delete --force box
	refuses "an unknown policy" "config.json:*: /annotations/isorun.policy: there is no policy \"none\"*" 'annotations={"isorun.policy":"none"}'
	like "... with its line" "$err" "isorun-oci: config.json:$(line_of '"isorun.policy"'): *"
	refuses "a policy by a path" "config.json:*: /annotations/isorun.policy: not the name of a policy*" 'annotations={"isorun.policy":"/etc/x.conf"}'
	policy other '[Sandbox]' 'ExecPaths=/bin'
	refuses "a policy with a line that containers cannot have" "*/other.conf:2: ExecPaths=: isorun-oci cannot add this to a container*" \
		'annotations={"isorun.policy":"other"}'
	policy other '[Scope]' 'MemoryHigh=1G'
	# promise P61
	refuses "a limit that cannot be compared with the policy's" "*/other.conf:2: MemoryHigh=: isorun-oci cannot compare it with \"+5\" in /linux/resources/unified/memory.high of config.json: *" \
		'annotations={"isorun.policy":"other"}' 'linux.resources={"unified":{"memory.high":"+5"}}'
	policy other '[Sandbox]' 'ReadOnlyPaths=./dir'
	# promise P61
	inside "isorun.policy: a path below the working directory is read-only" "done" 'annotations={"isorun.policy":"other"}' root.readonly=false \
		'process.cwd="/etc"' '(echo >dir/new) 2>/dev/null && echo written; echo done'
	run "$isoctl" why "$bundle" write /etc/dir/new
	like "... and why names its line" "$status $out" "1 write /etc/dir/new: denied, EROFS*/other.conf:2"
	script='for f in /etc/dir/sub /etc/dir /etc; do busybox mv $f $f.x 2>/dev/null && echo $f moved && busybox mv $f.x $f; done; echo done'
	policy other '[Sandbox]' 'ReadOnlyPaths=/etc/dir/sub/file -/etc/none'
	mkdir "$bundle/rootfs/etc/dir/sub"
	touch "$bundle/rootfs/etc/dir/sub/file"
	# promise P61
	inside "isorun.policy: no directory above a read-only path can be moved" "done" 'annotations={"isorun.policy":"other"}' root.readonly=false \
		"$script"
	rm -r "$bundle/rootfs/etc/dir/sub"
	# promise P61
	refuses "a read-only path that the container could make" "*/other.conf:2: ReadOnlyPaths=: /etc/dir/sub/file does not exist, so the container could make it *" \
		'annotations={"isorun.policy":"other"}' root.readonly=false
	inside "... and not, if it is in a read-only root" "done" 'annotations={"isorun.policy":"other"}' 'echo done'
	policy other '[Sandbox]' 'ReadOnlyPaths=/etc/dir -/etc/none' 'LandlockFiles=no'
	bundle 'annotations={"isorun.policy":"other"}' root.readonly=false -- busybox true
	ln -s dir "$bundle/rootfs/etc/link"
	run "$isoctl" why "$bundle" create /etc/none create /etc/link/x
	like "why follows the container's symlinks, and knows that a missing path is not protected" "$status $out" \
		"1 create /etc/none: allowed*create /etc/link/x: denied, EROFS*other.conf:2*"
	rm "$bundle/rootfs/etc/link"
	ln -s dir "$bundle/rootfs/etc/link"
	policy other '[Sandbox]' 'ReadOnlyPaths=/etc/link/file'
	# promise P61
	refuses "a read-only path through a symlink that the container could replace" "*/other.conf:2: ReadOnlyPaths=: /etc/link/file leads through a symlink *" \
		'annotations={"isorun.policy":"other"}' root.readonly=false
	rm "$bundle/rootfs/etc/link"
	policy other '[Sandbox]' 'LogDenials=yes' 'PrivateNetwork=no'
	bundle 'annotations={"isorun.policy":"other"}' 'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]' \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["mode=700"]}' 'mounts+={"destination":"/tmp/a","type":"tmpfs"}' \
		'mounts+={"destination":"/etc","type":"tmpfs"}' 'process.user={"uid":1000,"gid":1000}' -- busybox true
	oci run --bundle "$bundle" box
	like "isorun.policy: a user who cannot reach each mount starts, and a notice says that LogDenials= does nothing" "$status $err" \
		"0 isorun-oci: notice: */other.conf:2: LogDenials=: isorun-oci records nothing that a container is denied"
	run "$isoctl" why "$bundle" connect @abstract
	like "why: the policy denies abstract sockets of the host's network" "$status $out" "1 *denied, EPERM*"
	# promise P61
	refuses "shared memory of others, with PrivateIPC=yes" "PrivateIPC=: /mounts/6 of config.json binds /dev/shm, which the container would share: *PrivateIPC=no in the policy default" \
		'annotations={"isorun.policy":"default"}' 'mounts+={"destination":"/dev/shm","type":"bind","source":"/dev/shm","options":["bind"]}'
	policy other '[Policy]' 'Optional=ExecPaths MemoryMax' '[Scope]' 'MemoryMax=50%' '[Sandbox]' 'ExecPaths=/bin'
	bundle 'annotations={"isorun.policy":"other"}' -- busybox true
	oci run --bundle "$bundle" box
	like "... unless that is optional: a notice" "$status $err" "0 *notice: */other.conf:6: ExecPaths=: isorun-oci cannot add this to a container*"
	bundle 'annotations={"isorun.policy":"other"}' -- busybox sleep 7684
	oci create --bundle "$bundle" box
	also like "... of create" "$status $err" "0 *notice: */other.conf:6: ExecPaths=*"
	oci exec box busybox true
	no_refusal is "... but not once more of exec" "$status $err" "0 "
	echo '{}' >"$tmp/changes"
	oci update --resources "$tmp/changes" box
	no_refusal is "... and of update" "$status $err" "0 "
	oci delete --force box
	inside "isorun.policy: the default one works" "ran" 'annotations={"isorun.policy":"default"}' 'echo ran'
	test_policy_limits
	rm -rf "$tmp/config"
}

# Rules of a filter that denies some calls of busybox, each with an errno of its own.
test_seccomp() {
	local rules='linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[
		{"names":["mkdir","mkdirat","nosuchcall"],"action":"SCMP_ACT_ERRNO","errnoRet":5},
		{"names":["rmdir","unlinkat"],"action":"SCMP_ACT_ERRNO"},
		{"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":7,"args":[{"index":1,"value":15,"op":"SCMP_CMP_EQ"},{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]},
		{"names":["sync"],"action":"SCMP_ACT_KILL_PROCESS"},
		{"names":["getpid"],"action":"SCMP_ACT_ALLOW"}]}'
	local script='busybox mkdir /tmp/x 2>&1; busybox rmdir /tmp 2>&1; for s in 9 15 18; do busybox kill -$s 99 2>&1; done; busybox sync; echo $?'
	local expected="mkdir: can't create directory '/tmp/x': Input/output error
rmdir: '/tmp': Operation not permitted
kill: can't kill pid 99: Argument list too long
kill: can't kill pid 99: Argument list too long
kill: can't kill pid 99: No such process
159"
	inside "a filter denies what config.json says" "$expected" root.readonly=false "$rules" "$script"
	also like "... and a notice names a call that libseccomp does not know" "$err" "*notice: config.json:*: /linux/seccomp/syscalls: libseccomp *: nosuchcall*"
	inside "... also without no_new_privs" "$expected" root.readonly=false "$rules" process.noNewPrivileges=false "$script"
	inside "... also if it refuses what a start needs" "no" process.noNewPrivileges=false \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getcwd","chdir"],"action":"SCMP_ACT_ERRNO"}]}' \
		'cd /tmp 2>/dev/null && echo yes || echo no'
	bundle 'linux.seccomp={"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","clone3"],"action":"SCMP_ACT_ALLOW"}]}' -- true
	run "$isoctl" why "$bundle" call acct call openat2
	no_refusal like "a call that is newer than all rules gets ENOSYS, so that a C library tries another one" "$status $out" \
		"1 call acct: denied, EPERM*call openat2: denied, ENOSYS*"
	test_agent
}

# An agent that answers mkdir(2) with EREMCHG for the filters of run and exec, whatever calls isorun-oci needs then.
test_agent() {
	local agent=$tmp/agent rule privileges said=$tmp/agent.out job call
	"$top/tests/seccomp-agent.py" "$agent" >"$said" 2>&1 &
	job=$!
	await grep -qs listens "$said"
	rule="linux.seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$agent\",\"listenerMetadata\":\"meta\",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],
		\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\",\"execve\",\"openat\",\"read\",\"close\",\"futex\",\"munmap\",\"sendmsg\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
	for privileges in true false; do
		inside "an agent answers for the filter, no_new_privs $privileges" "mkdir: can't create directory '/tmp/x': Remote address changed" \
			root.readonly=false "process.noNewPrivileges=$privileges" "$rule" 'busybox mkdir /tmp/x 2>&1'
	done
	is "... and gets its fd, the state and the metadata" "$(grep -v listens "$said" | sort -u)" \
		"fds metadata ociVersion pid state ['seccompFd'] meta box creating True 1"
	for call in '"write"' '"write","close","sendmsg","futex"'; do
		refuses "a filter that an agent cannot get: it answers for $call itself" "cannot send the filter to isorun-oci: Input/output error" \
			"linux.seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$agent\",\"syscalls\":[
			{\"names\":[$call],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0},{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
	done
	bundle "$rule" -- busybox sleep 7681
	oci run --detach --bundle "$bundle" box
	also_inside "an agent answers for it, too" "mkdir: can't create directory '/tmp/x': Remote address changed" 'busybox mkdir /tmp/x 2>&1'
	oci delete --force box
	kill "$job"
	wait "$job" 2>/dev/null
	rm -f "$agent"
	bundle "$rule" -- busybox mkdir /tmp/x
	oci run --bundle "$bundle" box
	like "without the agent, nothing is executed" "$status $err" "1 isorun-oci: failed to connect with seccomp agent *"
}

test_copy_up() {
	mkdir -p "$bundle/rootfs/etc/up/deep"
	echo text >"$bundle/rootfs/etc/up/deep/file"
	ln -s /etc/hidden "$bundle/rootfs/etc/up/link"
	chown -R 7:8 "$bundle/rootfs/etc/up"
	chmod 751 "$bundle/rootfs/etc/up"
	chmod 640 "$bundle/rootfs/etc/up/deep/file"
	inside "tmpcopyup begins with what the directory has" "text 7:8 640 7:8 751 /etc/hidden" \
		'mounts+={"destination":"/etc/up","type":"tmpfs","options":["tmpcopyup","ro"]}' 'process.capabilities={"bounding":["CAP_DAC_OVERRIDE"],"effective":["CAP_DAC_OVERRIDE"],"permitted":["CAP_DAC_OVERRIDE"]}' \
		'echo $(busybox cat /etc/up/deep/file) $(busybox stat -c "%u:%g %a" /etc/up/deep/file /etc/up) $(busybox readlink /etc/up/link)'
	inside "... and is as read-only as it should be" "touch: /etc/up/x: Read-only file system" \
		'mounts+={"destination":"/etc/up","type":"tmpfs","options":["tmpcopyup","ro"]}' 'busybox touch /etc/up/x 2>&1'
	refuses "tmpcopyup of a bind mount" "config.json:*: /mounts/6: tmpcopyup is an option of tmpfs" \
		'mounts+={"destination":"/x","type":"bind","source":"/etc","options":["tmpcopyup"]}'
	rm -r "$bundle/rootfs/etc/up"
}

# A volume that the host shares. What the container mounts in it may reach the host only if config.json asks for that.
test_propagation() {
	local volume=$tmp/shared word root admin='process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}'
	local both=("$admin" 'linux.rootfsPropagation="rshared"' "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$volume\",\"options\":[\"rbind\",\"rshared\"]}")
	local of_root='echo $(busybox awk "\$5 == \"/\"" /proc/self/mountinfo | busybox grep -Eo "shared|master|unbindable")'
	mkdir "$volume"
	mount -t tmpfs tmpfs "$volume"
	mount --make-shared "$volume"
	mkdir "$volume/in" "$volume/other"
	inside "with rootfsPropagation and the option shared, a mount of the container appears on the host" "" "${both[@]}" \
		'busybox mount -t tmpfs new /tmp/in; echo >/tmp/in/made'
	also is "... and stays" "$(ls "$volume/in") $(grep -c " $volume/in " /proc/self/mountinfo)" "made 1"
	umount "$volume/in"
	mount -t tmpfs below "$volume/other"
	mkdir "$volume/other/in"
	inside "with shared and not rshared, only the top of a volume is" "" "${both[@]//,\"rshared\"/,\"shared\"}" \
		'busybox mount -t tmpfs new /tmp/in; busybox mount -t tmpfs new /tmp/other/in'
	# promise P57
	also is "... so that a mount in one below it does not appear on the host" "$(grep -o " $volume/[^ ]*in " /proc/self/mountinfo)" " $volume/in "
	umount "$volume/in" "$volume/other"
	for word in '"rshared" "slave"' '"rshared" "rbind"' '"private" "rshared"' '"rslave" "rshared"' '"unbindable" "rshared"' '"shared" "rprivate"'; do
		root=${word% *}
		inside "a container mounts something in a volume that the host shares: rootfsPropagation $root, option ${word#* }" "mounted 0" "$admin" "linux.rootfsPropagation=$root" \
			"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$volume\",\"options\":[\"rbind\",${word#* }]}" \
			'busybox mount -t tmpfs new /tmp/in && echo mounted $(busybox ls /tmp/in | busybox wc -l)'
		# promise P57
		also is "... and it does not appear on the host: $word" "$(grep -c " $volume/in " /proc/self/mountinfo)" 0
	done
	inside "... in a user namespace" "mounted" "${both[@]}" 'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":0,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":0,"size":1000}]' 'busybox mount -t tmpfs new /tmp/in && echo mounted'
	# promise P57
	also is "... and it does not appear on the host then" "$(grep -c " $volume/in " /proc/self/mountinfo)" 0
	# promise P57
	refuses "a mount in a shared volume, which would stay on the host" "cannot mount /tmp/in (it is in a mount that is shared with the host, and would appear there, too): *" \
		"${both[@]}" 'mounts+={"destination":"/tmp/in","type":"tmpfs"}'
	inside "... but what is only shared in the container can have mounts" "mounted" "${both[@]}" 'mounts+={"destination":"/dev/t","type":"tmpfs","options":["shared"]}' \
		'mounts+={"destination":"/dev/t/in","type":"tmpfs"}' 'busybox grep -q " /dev/t/in " /proc/self/mounts && echo mounted'
	ln -s /tmp "$bundle/rootfs/etc/link"
	for word in masked readonly; do
		# promise P57
		refuses "... also by a symlink of the image: ${word}Paths" "cannot * /etc/link/in*it is in a mount that is shared with the host, and would appear there, too): *" \
			"${both[@]}" "linux.${word}Paths=[\"/etc/link/in\"]"
	done
	rm "$bundle/rootfs/etc/link"
	also is "... and the host has none of these" "$(grep -c " $volume/" /proc/self/mountinfo)" 0
	umount "$volume"
	inside "a root can be shared, but not with the host" shared 'linux.rootfsPropagation="shared"' "$of_root"
	inside "... or unbindable" unbindable 'linux.rootfsPropagation="runbindable"' "$of_root"
	inside "... and so can a mount" "1 1" 'mounts+={"destination":"/tmp","type":"tmpfs","options":["shared"]}' 'mounts+={"destination":"/dev/x","type":"bind","source":"/etc","options":["bind","unbindable"]}' \
		'echo $(busybox grep -c " /tmp .*shared:" /proc/self/mountinfo) $(busybox grep -c " /dev/x .*unbindable" /proc/self/mountinfo)'
	refuses "a propagation that does not exist" 'config.json:*: /linux/rootfsPropagation: it must be private, slave, *, not "rrshared"' 'linux.rootfsPropagation="rrshared"'
}

# One end of a pair of devices is given away. The kernel removes a pair some time after the network of one of them.
test_net_devices() {
	local script ipv6='' joined
	script='busybox ip addr show dev eth1 | busybox sed -n "s/.*mtu \([0-9]*\).*/\1/p; s/.*\(inet6* [^ ]*\).*scope global.*/\1/p"
		busybox cat /sys/class/net/eth1/flags'
	if ! ip link add isorun0 type veth peer name isorun1 2>/dev/null; then
		skip "network devices" "no pair of devices can be made here"
		return
	fi
	ip link set isorun0 mtu 1400 up
	ip addr add 10.99.8.7/24 dev isorun0
	ip addr add 10.99.9.7/24 dev isorun0 valid_lft 1000 preferred_lft 1000
	! ip addr add fd99::7/64 dev isorun0 nodad 2>/dev/null || ipv6="inet6 fd99::7/64"$'\n'
	refuses "a network device that is not there" "config.json:*: /linux/netDevices/isorun9: cannot find the network device: No such device" \
		'linux.netDevices={"isorun0":{},"isorun9":{}}'
	refuses "a name that the container's network has" "config.json:*: /linux/netDevices/isorun0: the container's network has a device lo already" \
		'linux.netDevices={"isorun0":{"name":"lo"}}'
	also is "... and the host keeps its device, as it was" "$(ip -4 -o addr show isorun0 up | grep -o 'inet [^ ]*')" "inet 10.99.8.7/24"$'\n'"inet 10.99.9.7/24"
	bundle 'linux.netDevices={"isorun0":{"name":"eth1"}}' -- /no/such/command
	oci run --bundle "$bundle" box
	like "a container that cannot be made gives the device back" "$status $err$(ls "$state")" "1 isorun-oci: */no/such/command*"
	also is "... with its permanent addresses, and up" "$(ip -o addr show isorun0 up scope global | grep -o 'inet6* [^ ]*')" \
		"inet 10.99.8.7/24${ipv6:+$'\n'${ipv6%$'\n'}}"
	ip addr add 10.99.9.7/24 dev isorun0 valid_lft 1000 preferred_lft 1000
	inside "a network device of the host, with a name and what it was" "1400"$'\n'"inet 10.99.8.7/24"$'\n'"${ipv6}0x1003" \
		'linux.netDevices={"isorun0":{"name":"eth1"}}' "$script"
	run "$isoctl" explain --verbose "$bundle"
	no_refusal like "... and explain shows it" "$status $out" "0 *network devices of the host*isorun0 * eth1   # config.json:*"
	touch "$tmp/net"
	unshare --net="$tmp/net" true
	nsenter --net="$tmp/net" ip link add eth0 type veth peer name eth7
	ip link add isorun2 type veth peer name isorun3
	ip link add isorun6 type veth peer name isorun7
	joined="linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"network\",\"path\":\"$tmp/net\"}]"
	refuses "a new name for a device of the host's own network" "config.json has netDevices, and joins the host's own network namespace" \
		'linux.netDevices={"isorun2":{"name":"evil"}}' "${joined/"$tmp/net"//proc/$$/ns/net}"
	ip link property add dev isorun6 altname isorun-alt
	refuses "another name of a device" "config.json:*: /linux/netDevices/isorun-alt: this is another name of the network device isorun6: use that one" \
		'linux.netDevices={"isorun-alt":{}}' "$joined"
	refuses "... as its new one" "config.json:*: /linux/netDevices/isorun6: isorun-alt is another name of the device already*" \
		'linux.netDevices={"isorun6":{"name":"isorun-alt"}}' "$joined"
	refuses "... or as that of one before it" "config.json:*: /linux/netDevices/isorun6: cannot move the network device into the container: *" \
		'linux.netDevices={"isorun2":{"name":"isorun-alt"},"isorun6":{}}' "$joined"
	also ok "... and the host has both back" test -d /sys/class/net/isorun2 -a -d /sys/class/net/isorun6
	ip link del isorun6
	inside "a device in a joined network, under a name that is free" "eth1" 'linux.netDevices={"isorun2":{"name":"eth%d"}}' \
		"$joined" 'cd /sys/class/net; echo eth1*'
	umount "$tmp/net"
	[ -n "${TH_USER-}" ] || return 0
	ip link add isorun4 type veth peer name isorun5
	bundle 'linux.netDevices={"isorun4":{}}' 'linux.namespaces+={"type":"user"}' \
		"linux.uidMappings=[{\"containerID\":0,\"hostID\":$(id -u "$TH_USER"),\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" -- busybox true
	install -d -o "$TH_USER" -m 700 "$tmp/net-state"
	run "$as_user" "$isorun_oci" --root "$tmp/net-state" run --bundle "$bundle" box
	like "a user gives no network device away" "$status $err$(ls "$tmp/net-state")" \
		"1 isorun-oci: config.json:*: /linux/netDevices: only root of the host can move network devices into a container"
	also ok "... and it is there still" test -d /sys/class/net/isorun4
	ip link del isorun4
}

test_net_devices
test_process
test_root
test_symlinks
test_exchanged
test_fds
test_own_file
test_budget
test_config
test_explain
test_policy
test_features
test_rare
test_seccomp
test_copy_up
test_device_rules
test_propagation
