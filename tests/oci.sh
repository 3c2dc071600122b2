# SPDX-License-Identifier: LGPL-2.1-or-later
# For the suites of isorun-oci, to be sourced after lib.sh: a bundle of busybox, and what runs it.
bundle=$tmp/bundle
state=$tmp/state
bundle() { "$top/tests/bundle.py" "$bundle" "$@"; } # [PATH=JSON...] -- COMMAND...

options=() # before the command
oci() { run "${who[@]}" "$isorun_oci" --root "$state" "${options[@]}" "$@"; }

# Runs a script of busybox's sh in a container; it must reach its end.
inside() { # description, expected output, [PATH=JSON...], script
	bundle "${@:3:$#-3}" -- sh -c "$(to_end "${@: -1}")"
	oci run --bundle "$bundle" box
	is_reached "$1" "$2"
}

# What run refuses, before anything of the container has run.
refuses() { # description, pattern of the only line on stderr, [PATH=JSON...]
	rm -rf "$bundle/rootfs/tmp/"*
	bundle "${@:3}" -- busybox touch /tmp/ran
	oci run --bundle "$bundle" box
	like "refused: $1" "$status $(wc -l <"$tmp/err") $err" "1 1 isorun-oci: $2"
	also is "... and nothing has run, and nothing is left" "$(ls "$bundle/rootfs/tmp" "$state")" "$nothing"
}

status_of() { "${who[@]}" "$isorun_oci" --root "$state" state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'; }
pid_of() { "${who[@]}" "$isorun_oci" --root "$state" state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }

also_inside() { # description, expected output, options of exec..., script
	oci exec "${@:3:$#-3}" box sh -c "$(to_end "${@: -1}")"
	is_reached "exec: $1" "$2"
}

# Two devices whose nodes the container makes itself; the rules are the same for nodes of the host.
test_device_rules() {
	local minors one two rules script tools parts
	minors=$(awk '{ minor[$2] = $1 }
		END { n = split("fuse loop-control btrfs-control userfaultfd", names); for (i = 1; i <= n; i++) if (names[i] in minor) print minor[names[i]] }' \
		/proc/misc | head -n2 | tr '\n' ' ')
	read -r one two <<<"$minors"
	rules="linux.resources={\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"access\":\"rwm\"},{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":$one,\"access\":\"w\"},{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":$two,\"access\":\"rwm\"}]}"
	script="for d in '1 3' '10 $one' '10 $two' '1 5'; do"
	script+=' busybox mknod /tmp/d c $d; (: </tmp/d) 2>/dev/null && r=r || r=-; (: >/tmp/d) 2>/dev/null && r=${r}w || r=$r-; echo $d $r; busybox rm /tmp/d; done'
	tools='process.capabilities={"bounding":["CAP_MKNOD"],"permitted":["CAP_MKNOD"],"effective":["CAP_MKNOD"]}'
	parts=("$tools" root.readonly=false 'mounts+={"destination":"/tmp","type":"tmpfs"}')
	bundle "${parts[@]}" -- sh -c "$script"
	oci run --bundle "$bundle" box
	if [ -z "$two" ] || [ "$out" != "1 3 rw"$'\n'"10 $one rw"$'\n'"10 $two rw"$'\n'"1 5 rw" ]; then
		skip "device rules" "no two devices (of major 10: $minors) can be opened here anyway: $out$err"
		return
	fi
	parts+=("$rules" 'linux.cgroupsPath="/isorun-oci-test"')
	inside "device rules hold, the last one that fits" "1 3 rw"$'\n'"10 $one r-"$'\n'"10 $two --"$'\n'"1 5 rw" "${parts[@]}" "$script"
}

pod() { run patiently podman --root "$tmp/pod/store" --runroot "$tmp/pod/run" --storage-driver=vfs "$@"; }

pod_runs() { # description, expected status and output, arguments of podman run
	pod run --rm "${@:3}"
	no_refusal is "podman: $1" "$status $out" "$2"
}

# Debian's podman, with isorun-oci as its runtime and an image of the bundle's root.
podman_begin() { # cgroup manager
	if ! command -v podman >/dev/null || ! command -v conmon >/dev/null; then
		skip "podman" "there is no podman"
		return 1
	fi
	if [ "${TESTHOST-real}" = real ]; then
		skip "podman" "this host may have containers of its own"
		return 1
	fi
	mkdir -p "$tmp/pod" /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers # whatever podman keeps outside of its store
	cat >"$tmp/pod/containers.conf" <<-END
		[engine]
		cgroup_manager="$1"
		events_logger="file"
		runtime="$isorun_oci"
		[containers]
		netns="none"
		log_driver="k8s-file"
		pids_limit=0
	END
	export CONTAINERS_CONF=$tmp/pod/containers.conf
	tar -C "$bundle/rootfs" -c . >"$tmp/pod/image.tar"
	TEST_PATIENCE=60 pod import "$tmp/pod/image.tar" box:1
	if [ "$status" != 0 ]; then
		skip "podman" "podman cannot import an image here: $err"
		podman_end
		return 1
	fi
}

podman_uses() { sed -i "s/cgroup_manager=.*/cgroup_manager=\"$1\"/" "$tmp/pod/containers.conf"; }

podman_end() { umount /var/lib/containers; }

bundle -- true
mkdir "$bundle/rootfs/etc/dir"
echo hidden | tee "$bundle/rootfs/etc/hidden" >"$bundle/rootfs/etc/dir/file"
chmod -R a+rX "$bundle"
mkdir -m 700 "$state"
nothing=$(ls "$bundle/rootfs/tmp" "$state")
