# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154  # $here is the sourcing script's, $me and $state are from common.sh
# Sourced by nested and uml. Everything the inner systemd needs to boot a minimal target is written here,
# on the outside, where a fork is cheap; inside only mounts are left to do. In $state:
#   etc var home   lower layers put over the root's own
#   units          PID 1's only unit path but for the runtime ones
#   run            initial contents of /run
#   ready.sh       run when all is up
# The directory is seen inside as /run/testhost.

th_user=tester
th_uid=1000
th_subids=200000:65536

write_users() {
	local tree=$1 file
	for file in passwd group shadow subuid subgid; do
		# whoever has our name or our number gives way
		grep -v -E "^$th_user:|^[^:]*:[^:]*:$th_uid:" "$tree/etc/$file" 2>/dev/null >"$state/etc/$file" || :
	done
	chmod 640 "$state/etc/shadow"
	echo "$th_user:x:$th_uid:$th_uid::/home/$th_user:/bin/bash" >>"$state/etc/passwd"
	echo "$th_user:x:$th_uid:" >>"$state/etc/group"
	echo "$th_user:*:20000:0:99999:7:::" >>"$state/etc/shadow"
	echo "$th_user:$th_subids" >>"$state/etc/subuid"
	echo "$th_user:$th_subids" >>"$state/etc/subgid"

	mkdir -p "$state/home/$th_user" "$state/var/lib/systemd/linger"
	chown "$th_uid:$th_uid" "$state/home/$th_user"
	: >"$state/var/lib/systemd/linger/$th_user"
}

write_machine_identity() {
	echo 00112233445566778899aabbccddeeff >"$state/etc/machine-id"
	echo testhost >"$state/etc/hostname"
	: >"$state/etc/fstab"
}

write_manager_config() {
	mkdir -p "$state"/run/systemd/{journald,system}.conf.d "$state"/run/{lock,no-generators}
	cat >"$state/run/systemd/journald.conf.d/testhost.conf" <<-END
		[Journal]
		Storage=volatile
		ForwardToConsole=no
		ReadKMsg=no
		Audit=no
	END
	cat >"$state/run/systemd/system.conf.d/testhost.conf" <<-END
		[Manager]
		DefaultTimeoutStopSec=5s
		ShowStatus=no
	END
}

# All of the distribution's units, but none of the enablements (*.wants), so that nothing has to be masked.
write_units() {
	local tree=$1
	mkdir -p "$state/units"
	cp -a "$tree/usr/lib/systemd/system/." "$state/units/"
	rm -rf "$state"/units/*.wants "$state"/units/*.requires
	mkdir "$state/units/sockets.target.wants" "$state/units/sysinit.target.wants"
	ln -s ../dbus.socket ../systemd-journald.socket ../systemd-journald-dev-log.socket \
		"$state/units/sockets.target.wants/"
	ln -s ../systemd-journald.service "$state/units/sysinit.target.wants/"

	mkdir -p "$state/units/user@.service.d"
	cat >"$state/units/user@.service.d/testhost.conf" <<-END
		[Service]
		Environment=SYSTEMD_GENERATOR_PATH=/run/no-generators
		Environment=SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/no-generators
	END
}

# testhost-ready.service is what PID 1 boots into. Its Type says whether ready.sh ends at once (oneshot) or is
# the whole run (exec).
write_ready_unit() {
	local type=$1
	cat >"$state/units/testhost-ready.service" <<-END
		[Unit]
		Requires=basic.target dbus.service user@$th_uid.service
		Wants=systemd-logind.service
		After=basic.target dbus.service systemd-logind.service user@$th_uid.service
		[Service]
		Type=$type
		ExecStart=/bin/sh /run/testhost/ready.sh
		StandardOutput=null
		StandardError=null
	END
}

# Fill $state. $1: the root file system's tree, without a slash at its end ('' for /); $2: see write_ready_unit.
state_fill() {
	local tree=$1 ready_type=$2
	mkdir -p "$state"/{etc,var,home,run}
	write_users "$tree"
	write_machine_identity
	write_manager_config
	write_units "$tree"
	write_ready_unit "$ready_type"
	writable_dirs >"$state/writable-dirs"
	cp "$here/init.sh" "$here/$me-init" "$state/"
}
