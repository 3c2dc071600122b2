#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What isorun-oci does with labels of SELinux, or with profiles of AppArmor: the module that the kernel has. An emulated
# kernel has one of them, and takes a policy of this suite, which stays: so it is the last one in its host. Debian's has
# SELinux; with TH_KERNEL=security=apparmor, the other one (tests/check-labels).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"

own=(busybox strings /proc/self/attr/current) # SELinux ends a label with NUL
maps=('linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
	'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]')

prints_label() { is "$1" "$status $out$err" "0 $2"; } # description, expected label

# The labels of files of the running container, as the host sees them.
labels_of() { # file...
	local pid file
	oci state box
	pid=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])' <<<"$out")
	python3 - "/proc/$pid/root" "$@" <<-'END'
		import os, sys
		for name in sys.argv[2:]:
		    print(os.getxattr(sys.argv[1] + name, "security.selinux").decode().rstrip("\0"))
	END
}

# A file that takes a label and forgets it, at each place where exec looks for the one of the kernel. The processes of a
# container with CAP_SYS_ADMIN can mount such files, and an image can have them where its /proc is no procfs.
test_false_proc() { # the label, as [PATH=JSON]; what the label is called
	local place fake=$tmp/fake
	mkdir -p "$fake/self/attr/apparmor"
	touch "$fake/self/attr/exec" "$fake/self/attr/apparmor/exec" "$fake/self/attr/keycreate"
	# promise P68
	refuses "a /proc that only looks like one (CVE-2019-16884)" "cannot set $2* (there is no procfs at /proc)*" "$1" \
		'mounts=[{"destination":"/dev","type":"tmpfs"}]' \
		"mounts+={\"destination\":\"/proc\",\"type\":\"bind\",\"source\":\"$fake\",\"options\":[\"bind\"]}"
	ln -s /proc/1/attr "$bundle/rootfs/data"
	for place in /proc/1/attr /data; do
		# promise P68
		refuses "a file that is mounted over the kernel's, at $place (CVE-2023-28642, CVE-2025-52881)" \
			"cannot set $2* (something is mounted over the file of /proc that takes it)*" "$1" \
			"mounts+={\"destination\":\"$place/$attribute\",\"type\":\"bind\",\"source\":\"$fake/self/attr/exec\",\"options\":[\"bind\"]}"
	done
	rm "$bundle/rootfs/data"
	also is "... and nothing has been written there" "$(find "$fake" -type f -size +0)" ""
	# As a process of the container can do it later.
	bundle "$1" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$fake\",\"options\":[\"bind\"]}" \
		'process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}' \
		-- sh -c 'busybox mount --bind /tmp /proc && exec busybox sleep 7672'
	oci create --bundle "$bundle" box
	oci start box
	await runs '^busybox sleep 7672$'
	oci exec box busybox touch /dev/ran
	# promise P68
	also like "exec: ... also one that the container has mounted there" "$status $err" \
		"255 isorun-oci: cannot set $2* (there is no procfs at /proc)*"
	oci delete --force box
	also is "... and nothing has been written there" "$(find "$fake" -type f -size +0)" ""
}

# The container box runs, with a label. strict: another label that exec may ask for.
test_exec() { # its label, the other one, the option, the field of a process
	local process='{"args":["busybox","strings","/proc/self/attr/current"],"env":["PATH=/bin"],"cwd":"/"'
	oci exec box "${own[@]}"
	# promise P68
	also prints_label "exec: a process has the container's label" "$1"
	oci exec "$3" "$2" box "${own[@]}"
	no_refusal prints_label "exec: ... or the one of $3" "${5-$2}"
	echo "$process,\"$4\":\"$2\"}" >"$tmp/process"
	oci exec --process "$tmp/process" box
	no_refusal prints_label "exec: ... or the one of --process" "${5-$2}"
	oci exec --process "$tmp/process" "$3" "$2" box
	like "exec: refused: both" "$status $err" "255 isorun-oci: --process cannot be combined with $3"
	echo "$process}" >"$tmp/process"
	oci exec --process "$tmp/process" box
	# promise P68
	also prints_label "exec: ... and no process is without one because --process does not name one" "$1"
}

test_selinux() {
	local box=u:r:box_t:s0:c1,c2 file=u:object_r:box_file_t:s0:c1,c2 label mount attribute=exec
	label="process.selinuxLabel=\"$box\"" mount="linux.mountLabel=\"$file\""
	# The kernel closes what a process may not write when it changes to its label.
	chcon u:object_r:box_file_t:s0 "$tmp/out" "$tmp/err"
	mkdir "$tmp/secret"
	echo secret >"$tmp/secret/file"
	chcon u:object_r:secret_t:s0 "$tmp/secret/file"
	local volume="mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/secret\",\"options\":[\"bind\"]}"
	inside "without a label, the container has that of isorun-oci, and reads all" "u:r:host_t:s0-s0:c0.c2 secret" "$volume" \
		"echo \$(${own[*]}) \$(busybox cat /tmp/file)"
	# promise P68
	inside "a container has its label, and the policy holds" "$box Permission denied Permission denied ok" \
		"$volume" "$label" "$mount" root.readonly=false \
		"echo \$(${own[*]}) \$({ busybox cat /tmp/file; busybox sh -c 'echo >/etc/hidden'; } 2>&1 |
			busybox grep -o Perm.*) \$(echo ok >/dev/shm/file && busybox cat /dev/shm/file)"
	# promise P68
	inside "... also in a user namespace" "$box ok" "${maps[@]}" "$label" "$mount" \
		"echo \$(${own[*]}) \$(echo ok >/dev/shm/file && busybox cat /dev/shm/file)"
	bundle "$label" "$mount" process.noNewPrivileges=false -- busybox sleep 7673
	oci create --bundle "$bundle" box
	oci start box
	await runs '^busybox sleep 7673$'
	# promise P68
	also is "new file systems have the label of mountLabel, and the kernel's own have theirs" \
		"$(labels_of /dev /dev/null /dev/shm /dev/pts/ptmx /dev/mqueue /sys/firmware /proc/version /sys/kernel /bin/busybox | uniq -c | tr -s ' \n' ' ')" \
		" 6 $file 3 u:object_r:file_t:s0 "
	test_exec "$box" u:r:strict_t:s0 --process-label selinuxLabel
	oci delete --force box
	refuses "a label that the policy does not have" "cannot set the SELinux label u:r:none_t:s0 of the session keyring (the host's policy does not have it)*" \
		'process.selinuxLabel="u:r:none_t:s0"'
	refuses "... also for mounts" "cannot mount /dev of type tmpfs with the SELinux label u:object_r:none_t:s0*" \
		'linux.mountLabel="u:object_r:none_t:s0"'
	# promise P68
	refuses "a label that no process may change to" "cannot execute /bin/busybox with the SELinux label u:r:alone_t:s0: Permission denied" \
		'process.selinuxLabel="u:r:alone_t:s0"' process.noNewPrivileges=false
	# promise P68
	refuses "... or not with no_new_privs" "cannot execute /bin/busybox with the SELinux label u:r:strict_t:s0: Operation not permitted" \
		'process.selinuxLabel="u:r:strict_t:s0"'
	refuses "a label whose keys cannot be made" "cannot set the SELinux label u:r:keyless_t:s0 of the session keyring: Permission denied" \
		'process.selinuxLabel="u:r:keyless_t:s0"' process.noNewPrivileges=false
	bundle 'process.selinuxLabel="u:r:keyless_t:s0"' process.noNewPrivileges=false -- "${own[@]}"
	oci run --no-new-keyring --bundle "$bundle" box
	no_refusal prints_label "... unless it takes none" u:r:keyless_t:s0
	bundle 'process.selinuxLabel="u:r:none_t:s0"' -- busybox true
	oci run --no-new-keyring --bundle "$bundle" box
	like "... also without a session keyring" "$status $err" \
		"1 isorun-oci: cannot set the SELinux label u:r:none_t:s0 (the host's policy does not have it): *"
	test_false_proc "$label" "the SELinux label"
	[ -z "${TH_USER-}" ] || test_user "$box" "$label" "$mount"
	mkdir -p /etc/selinux/test/contexts
	echo SELINUXTYPE=test >/etc/selinux/config
	printf '%s = "%s"\n' process u:r:box_t:s0 file u:object_r:box_file_t:s0 ro_file u:object_r:box_file_t:s0 \
		>/etc/selinux/test/contexts/lxc_contexts
	podman_labels --security-opt label=level:s0:c1,c2 "$box"
	mount -o remount,bind,ro /sys/fs/selinux
	refuses "a label where selinuxfs is read-only, as in a container" "SELinux is not enabled on this host, so the process *" "$label"
	mount -o remount,bind,rw /sys/fs/selinux
}

test_apparmor() {
	local box="isorun-box (enforce)" label='process.apparmorProfile="isorun-box"' attribute=apparmor/exec
	local script="echo \$(${own[*]}) \$(busybox touch /tmp/denied 2>&1 | busybox grep -o Perm.*) \$(busybox touch /tmp/other && echo ok)"
	local hook="hooks={\"startContainer\":[{\"path\":\"/bin/busybox\",\"args\":[\"sh\",\"-c\",\"/bin/${own[*]} >/tmp/hook\"]}]}"
	local memory='mounts+={"destination":"/tmp","type":"tmpfs"}'
	inside "without a profile, the container is unconfined" "unconfined ok" "$memory" "$script"
	# promise P68
	inside "a container has its profile, and it holds" "$box Permission denied ok" "$memory" "$label" "$script"
	# promise P68
	inside "... also in a user namespace" "$box Permission denied ok" "$memory" "$label" "${maps[@]}" "$script"
	# promise P68
	inside "... also without no_new_privs, and for a hook of startContainer" "$box Permission denied ok $box" "$memory" "$label" \
		process.noNewPrivileges=false "$hook" "$script \$(busybox cat /tmp/hook)"
	bundle "$label" process.noNewPrivileges=false -- busybox sleep 7673
	oci create --bundle "$bundle" box
	oci start box
	await runs '^busybox sleep 7673$'
	test_exec "$box" isorun-other --apparmor apparmorProfile "isorun-other (enforce)"
	oci delete --force box
	refuses "a profile that is not loaded" "cannot set the AppArmor profile isorun-none (the host has not loaded it)*" \
		'process.apparmorProfile="isorun-none"'
	refuses "a label of SELinux" "SELinux is not enabled on this host, so the process cannot have the label a:b:c" \
		'process.selinuxLabel="a:b:c"'
	test_false_proc "$label" "the AppArmor profile"
	[ -z "${TH_USER-}" ] || test_user "$box" "$label"
	podman_labels --security-opt apparmor=isorun-box "$box"
}

test_user() { # what a process shows, [PATH=JSON...]
	local uid state=$tmp/user-state who=("$as_user")
	uid=$(id -u "$TH_USER")
	install -d -o "$TH_USER" -m 700 "$state"
	bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" "${@:2}" -- "${own[@]}"
	oci run --bundle "$bundle" box
	# promise P68
	prints_label "a user's container has its label" "$1"
}

# podman tells isorun-oci what the label of a container is, and labels the image itself.
podman_labels() { # options of podman run, its label
	local TEST_PATIENCE=60
	if [ -z "${TEST_FULL-}" ]; then
		skip "podman with labels" "it takes half a minute in an emulated kernel (tests/check --full)"
		return
	fi
	podman_begin cgroupfs || return
	pod_runs "a container has its label" "0 $3" "${@:1:2}" box:1 "${own[@]}"
	pod run --detach --name one "${@:1:2}" box:1 sh -c 'exec busybox sleep 7674'
	pod exec one "${own[@]}"
	no_refusal is "podman: ... also what exec starts" "$status $out" "0 $3"
	pod rm --force --time 0 one
	podman_end
}

# The kernel has SELinux, and no policy yet: it takes no label but its own, and gives none to files.
test_no_policy() {
	mountpoint -q /sys/fs/selinux || mount -t selinuxfs selinuxfs /sys/fs/selinux
	refuses "a label without a policy" "SELinux is not enabled on this host, so the process cannot have the label kernel" \
		'process.selinuxLabel="kernel"'
}

begin_selinux() {
	test_no_policy
	if ! command -v secilc >/dev/null; then
		skip "labels of SELinux" "there is no secilc"
		return 1
	fi
	secilc -o "$tmp/policy" -f "$tmp/contexts" "$top/tests/labels.cil" &&
		cat "$tmp/policy" >/sys/fs/selinux/load && echo 1 >/sys/fs/selinux/enforce
	no_isorun is "the kernel enforces the policy of this suite" "$(cat /sys/fs/selinux/enforce)" 1
}

begin_apparmor() {
	if ! command -v apparmor_parser >/dev/null; then
		skip "profiles of AppArmor" "there is no apparmor_parser"
		return 1
	fi
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	apparmor_parser --replace --skip-cache <<-'END'
		profile isorun-box flags=(attach_disconnected) { file, capability, mount, umount, signal, deny /tmp/denied w, }
		profile isorun-other flags=(attach_disconnected) { file, signal, }
	END
	no_isorun is "the kernel has the profiles of this suite" "$(grep -c '^isorun-.* (enforce)$' /sys/kernel/security/apparmor/profiles)" 2
}

if [ "${TESTHOST-}" != uml ]; then
	skip "labels" "the kernel is not of this suite alone: it would get a policy"
elif [ -d /sys/fs/selinux ]; then
	! begin_selinux || test_selinux
elif grep -qs Y /sys/module/apparmor/parameters/enabled; then
	! begin_apparmor || test_apparmor
else
	skip "labels" "this kernel has neither SELinux nor AppArmor"
fi
