# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154  # $root is the sourcing script's
# Sourced by nested-init and uml-init: PID 1 just before systemd. $root is where the new root file system is
# mounted ('' if it is / already); the state directory is at $root/run/testhost. Forks are slow in UML, so there are
# few.

mount_fresh_run() {
	mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
	mkdir "$root/run/testhost"
}

mount_fresh_tmp() { mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"; }

mount_dev_filesystems() {
	mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/dev/net" "$root/dev/mqueue"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
}

# /etc, /var and /home: what the state directory has, over the root's own, under a layer that takes the writes.
mount_overlays() {
	layers=$root/run/testhost-rw
	mkdir "$layers"
	mount -t tmpfs -o mode=755 tmpfs "$layers"
	for dir in etc var home; do
		mkdir -m 755 "$layers/$dir" "$layers/$dir.work"
		mount -t overlay -o "lowerdir=$root/run/testhost/$dir:$root/$dir,upperdir=$layers/$dir,workdir=$layers/$dir.work" \
			overlay "$root/$dir"
	done
}

# The policies that the machine has are not those under test.
hide_installed() {
	[ ! -d "$root/usr/lib/isorun" ] || mount -t tmpfs -o mode=755 tmpfs "$root/usr/lib/isorun"
	rm -rf "$root/etc/isorun"
}

# Call "$1 DIR" for each directory that stays the caller's. After the overlays, which would hide one in /home.
for_each_writable_dir() {
	while IFS= read -r dir; do
		[ -d "$root$dir" ] || mkdir -p "$root$dir"
		"$1" "$dir"
	done <"$root/run/testhost/writable-dirs"
}

# container= must be set: without it systemd takes this for a machine of its own, and sets kernel parameters.
start_systemd() {
	cp -a /run/testhost/run/. /run/
	exec env -i container=testhost PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		SYSTEMD_UNIT_PATH=/run/systemd/system.control:/run/systemd/transient:/run/systemd/system:/run/testhost/units \
		SYSTEMD_GENERATOR_PATH=/run/no-generators \
		/lib/systemd/systemd --system --unit=testhost-ready.service --show-status=0 \
		--log-level="${TH_LOG_LEVEL:-info}" --log-target="${TH_LOG_TARGET:-journal}"
}
