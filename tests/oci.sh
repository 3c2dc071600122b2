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

status_of() { "$isorun_oci" --root "$state" state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }

also_inside() { # description, expected output, options of exec..., script
	oci exec "${@:3:$#-3}" box sh -c "$(to_end "${@: -1}")"
	is_reached "exec: $1" "$2"
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
