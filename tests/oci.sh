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

bundle -- true
mkdir "$bundle/rootfs/etc/dir"
echo hidden | tee "$bundle/rootfs/etc/hidden" >"$bundle/rootfs/etc/dir/file"
chmod -R a+rX "$bundle"
mkdir -m 700 "$state"
nothing=$(ls "$bundle/rootfs/tmp" "$state")
